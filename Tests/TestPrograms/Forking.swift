import CSkein
import Glibc

/// Forks as soon as every other thread of the process sleeps.
///
/// One that is at work may hold a lock of the Swift runtime, as while a type is used for the first time; in the child,
/// nobody would give it back.
///
/// - Returns: 0 in the child; there, the process ends in a minute, should it hang.
package func forkWhileOthersSleep() -> Int32 {
  // Twice, for one may sleep for a moment only.
  var looks = 0
  while looks < 2 {
    usleep(1000)
    looks = othersSleep() ? looks + 1 : 0
  }
  let child = cFork()
  if child == 0 { endProcess(afterSeconds: 60) }
  return child
}

/// Ends the process when it takes longer, also where its signals are blocked by the thread that it was started from.
package func endProcess(afterSeconds seconds: UInt32) {
  var signals = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, SIGALRM)
  pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  alarm(seconds)
}

@_silgen_name("fork") private func cFork() -> Int32

private func othersSleep() -> Bool {
  guard let directory = opendir("/proc/self/task") else { return false }
  defer { closedir(directory) }
  let own = String(skein_fetch_thread_id())
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != own, !name.hasPrefix("."), state(ofThread: name) != UInt8(ascii: "S") { return false }
  }
  return true
}

/// The letter that follows the name in parentheses in a thread's line of `/proc`.
private func state(ofThread id: String) -> UInt8? {
  let file = open("/proc/self/task/\(id)/stat", O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: 512)
  bytes.removeLast(512 - max(0, read(file, &bytes, 512)))
  return bytes.lastIndex(of: UInt8(ascii: ")")).flatMap { $0 + 2 < bytes.count ? bytes[$0 + 2] : nil }
}
