internal import FoundationEssentials
internal import GRDB
internal import Glibc

extension SQLiteJobStore {
  /// Writes a copy of the queue, as it is at one instant, while everything goes on.
  ///
  /// The copy is one compact file with the mode 0600. To use it, put it as `queue.sqlite` into a directory that has no
  /// queue: jobs that were running at that instant run again there.
  ///
  /// - Parameter path: where; nothing may be there yet. It appears when it is whole and on disk.
  /// - Throws: ``JobQueueError``: `storeUnavailable`, `diskFull`; `invalidInput` when there is something at `path`.
  /// - Cancellation: none; what is begun is ended.
  /// - Complexity: O(size of the file).
  public func backUp(to path: String) async throws {
    guard access(path, F_OK) != 0 else { throw Self.isThere(path) }
    let partial = path + ".\(JobID()).partial"
    do {
      try await copy(to: partial)
      try Self.place(partial, at: path)
    } catch {
      unlink(partial)
      throw error
    }
  }

  private static func isThere(_ path: String) -> JobQueueError {
    .invalidInput("\(path) is there already: a backup replaces nothing")
  }

  private func copy(to path: String) async throws {
    // SQLite fills a file that is empty; made here, it is nobody else's to read.
    _ = try FileDescriptor(opening: path, O_CREAT | O_EXCL | O_RDWR)
    var configuration = Configuration()
    configuration.label = "skein backup"
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    do {
      let source = try DatabaseQueue(path: databasePath, configuration: configuration)
      try await source.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
      try source.close()
    } catch let error as DatabaseError {
      let isOfSource = error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
      throw error.asJobQueueError(path: isOfSource ? databasePath : path)
    }
  }

  /// Brings a whole file to the disk, then gives it its name, unless that was taken meanwhile.
  private static func place(_ partial: String, at path: String) throws(JobQueueError) {
    let file = try FileDescriptor(opening: partial, O_RDONLY)
    guard fsync(file.number) == 0 else { throw .file(partial, "can not be brought to the disk", errno) }
    guard link(partial, path) == 0 else {
      throw errno == EEXIST ? isThere(path) : .file(path, "can not be made", errno)
    }
    unlink(partial)
    let parent = URL(filePath: path).deletingLastPathComponent().path
    let directory = try FileDescriptor(opening: parent, O_RDONLY | O_DIRECTORY)
    guard fsync(directory.number) == 0 else { throw .file(parent, "can not be brought to the disk", errno) }
  }
}
