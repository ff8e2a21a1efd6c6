internal import Glibc
internal import SystemPackage

/// Goes through files and folders, one at a time, in the order of their names.
///
/// - Invariant: it follows no symbolic link that it was not given, so that it comes to an end.
struct FileWalk: Sequence, IteratorProtocol {
  enum Item: Hashable {
    case file(FilePath, bytes: Int)
    /// Left out; a problem is worth a line in the log.
    case skipped(FilePath, problem: String?)
    /// A folder, whose content comes next.
    case folder
  }

  private struct Place {
    var path: FilePath
    var isNamed = false
  }

  /// What is still to be visited, last first.
  private var places: [Place]

  init(_ paths: [FilePath]) {
    places = paths.reversed().map { Place(path: $0, isNamed: true) }
  }

  mutating func next() -> Item? {
    guard let place = places.popLast() else { return nil }
    if !place.isNamed, place.path.lastComponent?.string.first == "." {
      return .skipped(place.path, problem: nil)
    }
    do {
      return try visit(place)
    } catch {
      return .skipped(place.path, problem: "\(error)")
    }
  }

  private mutating func visit(_ place: Place) throws(Errno) -> Item {
    let status = try FileStatus(of: place.path, followsLink: place.isNamed)
    switch status.kind {
    case .file: return .file(place.path, bytes: status.bytes)
    case .folder:
      let names = try names(inDirectory: place.path).sorted { $1.string < $0.string }
      places += names.map { Place(path: place.path.appending($0)) }
      return .folder
    case .other: return .skipped(place.path, problem: place.isNamed ? "neither a file nor a folder" : nil)
    }
  }
}

/// What the system knows of a file.
struct FileStatus {
  enum Kind { case file, folder, other }

  let kind: Kind
  let bytes: Int

  init(of path: FilePath, followsLink: Bool) throws(Errno) {
    var status = stat()
    let failure = path.withPlatformString { followsLink ? stat($0, &status) : lstat($0, &status) }
    guard failure == 0 else { throw Errno(rawValue: errno) }
    self.init(status)
  }

  init(of file: FileDescriptor) throws(Errno) {
    var status = stat()
    guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
    self.init(status)
  }

  private init(_ status: stat) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .folder
    default: kind = .other
    }
    bytes = Int(status.st_size)
  }
}
