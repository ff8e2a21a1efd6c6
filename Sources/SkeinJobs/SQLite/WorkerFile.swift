internal import CSkein
internal import FoundationEssentials
internal import Glibc

/// A worker's file: its lock tells that the worker lives, its memory what the worker is running.
///
/// The kernel drops the lock when the process ends, however it ends. What was written to the shared memory outlives the
/// process (not the machine), so that noting the start of an attempt costs a few stores and no write to the database.
///
/// Layout, in 8-byte words: the format's number, the count of places, then for each place the delivery, the start in
/// microseconds since 1970, the process group with its leader's start time, and, last to be written, the sequence of
/// the job that runs there (0: none).
struct WorkerFile: Sendable {
  /// What runs in one place.
  struct Running: Hashable, Sendable {
    var token: ClaimToken
    var startedAt: Date
    var processGroup: ProcessGroup?
  }

  private static let format: UInt64 = 1
  private static let headWords = 2
  private static let placeWords = 5

  private let file: SharedFile

  /// Creates a worker's own file and takes its lock.
  init(creating path: String, places: Int) throws(JobQueueError) {
    file = try SharedFile(path: path, byteCount: 8 * (Self.headWords + Self.placeWords * places))
    guard file.tryLock() else { throw .file(path, "is locked by another process", EWOULDBLOCK) }
    skein_store_u64(file.memory, Self.format)
    skein_store_u64(file.memory + 8, UInt64(places))
  }

  /// Takes over the file of a worker that is gone.
  ///
  /// Returns `nil` while the worker lives, or while somebody else takes over.
  init?(takingOver path: String) throws(JobQueueError) {
    file = try SharedFile(path: path, byteCount: nil, creates: false)
    guard file.tryLock() else { return nil }
  }

  /// Whether the worker of a file lives, or somebody takes it over; `false` also where there is no file.
  ///
  /// It opens the file for reading alone: the end of that is no sign for those who watch for closed files. A look that
  /// opened it for writing would wake all other workers, whose looks would wake this one, without end.
  static func isLocked(_ path: String) -> Bool {
    guard let file = try? FileDescriptor(opening: path, O_RDONLY) else { return access(path, F_OK) == 0 }
    return flock(file.number, LOCK_SH | LOCK_NB) != 0
  }

  /// Looks into the file of a worker that may live.
  init(reading path: String) throws(JobQueueError) {
    file = try SharedFile(path: path, byteCount: nil, creates: false)
  }

  /// What runs, or ran when the worker ended.
  var running: [Running] {
    guard file.byteCount >= 8 * Self.headWords, skein_load_u64(file.memory) == Self.format else { return [] }
    let held = (file.byteCount / 8 - Self.headWords) / Self.placeWords
    let places = min(Int(truncatingIfNeeded: skein_load_u64(file.memory + 8)), held)
    return (0..<max(places, 0)).compactMap(running(at:))
  }

  func noteStart(of token: ClaimToken, place: Int, now: Date) {
    store(0, place, 4)
    store(UInt64(token.delivery), place, 0)
    store(UInt64(bitPattern: now.microseconds), place, 1)
    store(0, place, 2)
    store(UInt64(token.sequence), place, 4)
  }

  func noteProcessGroup(_ group: ProcessGroup, place: Int) {
    store(group.leaderStart, place, 3)
    store(UInt64(group.id), place, 2)
  }

  func noteEnd(place: Int) { store(0, place, 4) }

  private func running(at place: Int) -> Running? {
    let sequence = load(place, 4)
    guard sequence != 0 else { return nil }
    let group = load(place, 2)
    return Running(
      token: ClaimToken(
        sequence: Int64(bitPattern: sequence), delivery: Int(truncatingIfNeeded: load(place, 0))),
      startedAt: Date(microseconds: Int64(bitPattern: load(place, 1))),
      processGroup: group == 0
        ? nil : ProcessGroup(id: Int32(truncatingIfNeeded: group), leaderStart: load(place, 3)))
  }

  private func address(_ place: Int, _ word: Int) -> UnsafeMutableRawPointer {
    file.memory + 8 * (Self.headWords + Self.placeWords * place + word)
  }

  private func store(_ value: UInt64, _ place: Int, _ word: Int) {
    skein_store_u64(address(place, word), value)
  }
  private func load(_ place: Int, _ word: Int) -> UInt64 { skein_load_u64(address(place, word)) }
}

/// A group of processes that an attempt has started, with the mark that tells it from a later group of the same number.
struct ProcessGroup: Hashable, Sendable {
  var id: Int32
  /// When its leader started, in clock ticks since the boot; 0 when that is not known.
  var leaderStart: UInt64

  init(id: Int32, leaderStart: UInt64) {
    self.id = id
    self.leaderStart = leaderStart
  }

  init(id: Int32) {
    self.init(id: id, leaderStart: Self.startTime(of: id) ?? 0)
  }

  /// Kills every process of the group, if the machine was not started anew since.
  func kill(startedIn lease: Lease) {
    if lease.bootID == Lease.currentBootID { kill() }
  }

  /// Kills every process of the group, unless its number belongs to others by now.
  func kill() {
    guard id > 1 else { return }
    // A leader that is gone keeps its number from being given again for as long as a member of the group lives.
    if let start = Self.startTime(of: id), leaderStart != 0, start != leaderStart { return }
    Glibc.kill(-id, SIGKILL)
  }

  /// Field 22 of /proc/PID/stat, counted from the end of the command, which may itself have spaces and parentheses.
  private static func startTime(of process: Int32) -> UInt64? {
    guard let data = try? Data(contentsOf: URL(filePath: "/proc/\(process)/stat")) else { return nil }
    let fields = String(decoding: data, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
    return fields.count > 19 ? UInt64(fields[19]) : nil
  }
}
