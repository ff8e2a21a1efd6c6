internal import CSkein
internal import Glibc
internal import SkeinSync

/// The fork of this very process.
enum Forking {
  /// Forks; the child does what a child does, and never returns.
  ///
  /// - Throws: ``ProcessError/lateFork(threads:)`` when other threads of this process are at work: what they hold would be
  ///   held for ever in the child.
  @available(*, noasync)
  static func start(
    control: OwnedDescriptor, errors: OwnedDescriptor?, functions: FunctionRegistry
  ) throws(ProcessError) -> OwnedProcess {
    let threads = ThreadsAtWork.count
    guard threads == 1 else { throw .lateFork(threads: threads) }
    // What is in the buffers would be written by both.
    fflush(nil)
    let process = skein_fork()
    guard process >= 0 else { throw .outOfResources(-process) }
    guard process == 0 else {
      return OwnedProcess(processID: process, descriptor: try OwnedDescriptor(ofProcess: process))
    }
    // The child, from here on.
    if let errors { dup2(errors.rawValue, STDERR_FILENO) }
    dup2(control.rawValue, SKEIN_CONTROL_DESCRIPTOR)
    skein_close_from(SKEIN_CONTROL_DESCRIPTOR + 1)
    ChildRole(control: OwnedDescriptor(owning: SKEIN_CONTROL_DESCRIPTOR), functions, isForked: true).perform()
  }
}

/// The threads of this process that a fork would surprise.
enum ThreadsAtWork {
  /// How many there are, the calling one among them. Threads of Skein that sleep hold nothing.
  static var count: Int {
    guard let directory = opendir("/proc/self/task") else { return 1 }
    defer { closedir(directory) }
    var count = 0
    while let entry = readdir(directory) {
      let id = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let number = UInt32(id) else { continue }
      if number == skein_thread_id() || !isAsleepOfSkein(number) { count += 1 }
    }
    return count
  }

  private static func isAsleepOfSkein(_ thread: UInt32) -> Bool {
    guard let text = readFile("/proc/self/task/\(thread)/stat"), let nameEnd = text.lastIndex(of: ")"),
      let nameStart = text.firstIndex(of: "(")
    else { return false }
    let name = text[text.index(after: nameStart)..<nameEnd]
    let state = text[nameEnd...].dropFirst(2).first
    return name.hasPrefix("skein-") && state == "S"
  }

  private static func readFile(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1024) { buffer in
      let count = read(file, buffer.baseAddress, buffer.count)
      return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
  }
}
