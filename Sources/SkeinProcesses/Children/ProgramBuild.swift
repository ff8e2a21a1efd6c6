internal import Glibc

/// Which file this process runs: two processes with the same answer run the same build.
enum ProgramBuild {
  /// The device, number, length and time of the file, which a replaced file differs in; `nil` when the system does not say.
  static let current: String? = of("/proc/self/exe")

  static func of(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return
      "\(status.st_dev):\(status.st_ino):\(status.st_size):\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
  }
}
