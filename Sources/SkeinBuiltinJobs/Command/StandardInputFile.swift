internal import FoundationEssentials
internal import Glibc
internal import SystemPackage

extension FileDescriptor {
  /// Opens what a command reads: `/dev/null`, or a nameless file with the text.
  ///
  /// A file and not a pipe, because a command that exits without reading would end a worker that writes into
  /// a pipe by SIGPIPE, which swift-subprocess does not block.
  static func standardInput(of text: String?) throws -> FileDescriptor {
    guard let text else { return try .open("/dev/null", .readOnly, options: .closeOnExec) }
    let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    let path = FilePath(folder).appending("skein-input-\(UInt64.random(in: .min ... .max))")
    let file = try FileDescriptor.open(
      path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
    _ = path.withPlatformString { unlink($0) }
    do {
      try file.writeAll(text.utf8)
      try file.seek(offset: 0, from: .start)
      return file
    } catch {
      try? file.close()  // The first error says more.
      throw error
    }
  }
}
