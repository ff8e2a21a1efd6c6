import Foundation
import Glibc

/// A small file system in memory, for tests that fill it up. Mounting needs root.
struct SmallDisk {
  let path: String

  static let isPossible: Bool = {
    guard geteuid() == 0, let disk = try? SmallDisk(megabytes: 1) else { return false }
    disk.unmount()
    return true
  }()

  // From man 2 mount; not to be had from Swift's import of the C library.
  private static let readOnly: UInt = 1
  private static let remount: UInt = 32

  private struct MountFailed: Error {}

  init(megabytes: Int) throws {
    path = NSTemporaryDirectory() + "skein-disk-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard mount("skein", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
      rmdir(path)
      throw MountFailed()
    }
  }

  func grow(megabytes: Int) throws {
    guard mount("skein", path, "tmpfs", Self.remount, "size=\(megabytes)m") == 0 else { throw MountFailed() }
  }

  /// Refused by the kernel while a file is open for writing.
  func makeReadOnly() throws {
    guard mount("skein", path, "tmpfs", Self.remount | Self.readOnly, "") == 0 else { throw MountFailed() }
  }

  func makeWritable() throws {
    guard mount("skein", path, "tmpfs", Self.remount, "") == 0 else { throw MountFailed() }
  }

  func unmount() {
    umount2(path, 2)  // MNT_DETACH: also while a failed test still has files open.
    rmdir(path)
  }
}
