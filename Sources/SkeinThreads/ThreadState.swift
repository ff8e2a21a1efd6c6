internal import CSkein
internal import Glibc

/// Where a thread stands in its life.
///
/// ```text
///  new ── start() ──► runnable ◄──────► running ── body returns or throws ──► terminated
///                        ▲                 │
///                        └──── blocked ◄───┘  a lock, a sleep, a read
/// ```
public enum ThreadState: String, Hashable, Sendable, CaseIterable {
  /// It has not been started.
  case new
  /// It could run, and waits for a processor.
  case runnable
  /// A processor executes it.
  case running
  /// It waits for something other than a processor.
  case blocked
  /// It has ended.
  case terminated
}

extension ThreadState {
  /// What the kernel says about a living thread of this process; `nil` when there is none.
  ///
  /// To the kernel, what runs and what waits for a processor is one state. Only the first uses processor time.
  static func ofThread(_ id: UInt32) -> ThreadState? {
    if id == skein_thread_id() { return .running }
    let letter = kernelState(of: id)
    let before = skein_thread_processor_nanoseconds(id)
    guard before >= 0, letter != UInt8(ascii: "Z"), letter != UInt8(ascii: "X") else { return nil }
    if let letter, letter != UInt8(ascii: "R") { return .blocked }
    for _ in 0..<64 { skein_spin_hint() }
    if skein_thread_processor_nanoseconds(id) > before { return .running }
    // Without a letter, because the process may open no more files, most threads that do not run wait for something.
    return letter == nil ? .blocked : .runnable
  }

  /// The letter in `/proc/self/task/ID/stat`, which follows the name in parentheses; the name may have any character.
  private static func kernelState(of id: UInt32) -> UInt8? {
    let file = open("/proc/self/task/\(id)/stat", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      let bytes = buffer.prefix(max(0, read(file, buffer.baseAddress, buffer.count)))
      guard let close = bytes.lastIndex(of: UInt8(ascii: ")")), close + 2 < bytes.endIndex else { return nil }
      return bytes[close + 2]
    }
  }
}

/// What the system says about an error of its own.
func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }
