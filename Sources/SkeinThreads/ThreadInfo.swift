internal import CSkein
internal import Glibc
internal import SkeinSync

/// A thread as it was at one instant.
public struct ThreadInfo: Hashable, Sendable {
  /// Its name: all of it for an ``OSThread``; else what the kernel keeps, at most 15 bytes.
  public let name: String
  /// The number that an ``OSThread`` alone bears, given once in a process; `nil` for any other thread.
  public let number: UInt64?
  /// The kernel's id, as `ps -L` and debuggers show it; `nil` until the thread has begun. The kernel uses it again
  /// once the thread has ended.
  public let kernelID: UInt32?
  /// Whether the process ends without waiting for it.
  public let isDaemon: Bool
  /// Where it stands.
  public let state: ThreadState

  /// Whether it is the one that the process began with.
  public var isMain: Bool { kernelID.map { Int32(bitPattern: $0) == getpid() } ?? false }

  /// The thread that calls, whoever made it.
  public static var current: ThreadInfo {
    ThreadRecord.current.map(ThreadInfo.init) ?? ThreadInfo(foreign: skein_thread_id(), state: .running)
  }

  /// Every ``OSThread`` that lives, in the order of their making.
  ///
  /// - Complexity: O(threads), with a look into the kernel for each.
  public static var live: [ThreadInfo] {
    // One of them may have ended, or been refused by the system, since the list was made.
    LiveThreads.records.map(ThreadInfo.init).filter { $0.state != .terminated && $0.state != .new }
  }

  /// Every thread of the process: the main one, those of the runtime and of C libraries, and each ``OSThread`` that has
  /// begun. One that has ended is here, as anybody's, until the kernel has let go of it. In a process that may open no
  /// more files it is ``live`` instead.
  ///
  /// - Complexity: O(threads), with some looks into the kernel for each.
  public static var all: [ThreadInfo] {
    let known = Dictionary(
      LiveThreads.records.compactMap { record in record.kernelID.map { ($0, record) } },
      uniquingKeysWith: { first, _ in first })
    guard let ids = kernelIDs() else { return live }
    return ids.compactMap { id in
      known[id].map(ThreadInfo.init)
        ?? ThreadState.ofThread(id).map { ThreadInfo(foreign: id, state: $0) }
    }
  }

  init(_ record: ThreadRecord) {
    name = record.name
    number = record.number
    kernelID = record.kernelID
    isDaemon = record.isDaemon
    state = record.state
  }

  /// A thread that somebody else made. The process waits for none but the main one.
  private init(foreign id: UInt32, state: ThreadState) {
    name = Party.thread(id).name ?? ""
    number = nil
    kernelID = id
    isDaemon = Int32(bitPattern: id) != getpid()
    self.state = state
  }

  /// `nil` when the process may open no more files.
  private static func kernelIDs() -> [UInt32]? {
    guard let directory = opendir("/proc/self/task") else { return nil }
    defer { closedir(directory) }
    var ids: [UInt32] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let id = UInt32(name) { ids.append(id) }
    }
    return ids.sorted()
  }
}
