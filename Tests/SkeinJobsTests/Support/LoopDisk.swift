import Foundation
import Glibc
import SkeinTesting

/// An ext4 file system in a file, which can fail as a disk does: the kernel then takes nothing more, whoever has files
/// open, and what was not brought to the disk before is gone. It needs root, loop devices and `mkfs.ext4`.
final class LoopDisk: Sendable {
  let path: String
  private let image: String

  private struct Failed: Error { var command: [String] }

  /// Whether such a disk can be made here, and fails when it is told to.
  static func isPossible() async -> Bool {
    guard geteuid() == 0, let disk = try? await LoopDisk() else { return false }
    let fails = (try? disk.fail()) != nil
    try? await disk.unmount()
    return fails
  }

  init() async throws {
    path = NSTemporaryDirectory() + "skein-loop-" + UUID().uuidString
    image = path + ".image"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    do {
      guard FileManager.default.createFile(atPath: image, contents: nil), truncate(image, 64 << 20) == 0
      else {
        throw Failed(command: ["truncate"])
      }
      try await Self.run("mkfs.ext4", "-q", "-F", image)
      try await mount()
    } catch {
      clear()
      throw error
    }
  }

  deinit {
    umount2(path, 2)  // MNT_DETACH: also while a failed test still has files open.
    clear()
  }

  /// Mounts it, as it was before or after its journal has been played back.
  func mount() async throws {
    // The loop device goes with the mount.
    try await Self.run("mount", "-o", "loop,errors=remount-ro", image, path)
  }

  /// Waits until nobody uses it any more, then unmounts it.
  func unmount() async throws {
    try await eventually("nobody has files of the disk open") { umount2(path, 0) == 0 || errno == EINVAL }
  }

  /// Has the kernel find an error in the file system.
  func fail() throws {
    let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8).split(separator: "\n")
    guard let line = mounts.first(where: { $0.contains(" \(path) ") }),
      let device = line.split(separator: " ").first?.split(separator: "/").last
    else { throw Failed(command: ["find", path]) }
    let trigger = Glibc.open("/sys/fs/ext4/\(device)/trigger_fs_error", O_WRONLY | O_CLOEXEC)
    defer { close(trigger) }
    guard trigger >= 0, write(trigger, "1", 1) == 1 else { throw Failed(command: ["trigger_fs_error"]) }
  }

  private func clear() {
    rmdir(path)
    unlink(image)
  }

  /// Runs a program of the system, found in the usual places.
  private static func run(_ command: String...) async throws {
    let words = command.map { strdup($0) } + [nil]
    let settings = [strdup("PATH=/usr/sbin:/sbin:/usr/bin:/bin"), nil]
    defer { for word in words + settings { free(word) } }
    let program = ["/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"].map { $0 + command[0] }
      .first { access($0, X_OK) == 0 }
    var id = pid_t()
    guard let program, posix_spawn(&id, program, nil, nil, words, settings) == 0 else {
      throw Failed(command: command)
    }
    let process = id
    let status = try await onThread {
      var status: Int32 = 0
      waitpid(process, &status, 0)
      return status
    }
    guard status == 0 else { throw Failed(command: command) }
  }
}
