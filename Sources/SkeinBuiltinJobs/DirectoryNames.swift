internal import Glibc
internal import SystemPackage

/// Lists a directory without `.` and `..`, in the order that the system gives.
///
/// By hand, because FoundationEssentials drops names that are no UTF-8.
func names(inDirectory path: FilePath) throws(Errno) -> [FilePath.Component] {
  guard let stream = path.withPlatformString({ opendir($0) }) else { throw Errno(rawValue: errno) }
  defer { closedir(stream) }
  var names: [FilePath.Component] = []
  while true {
    errno = 0
    guard let entry = readdir(stream) else {
      if errno != 0 { throw Errno(rawValue: errno) }
      return names
    }
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CInterop.PlatformChar.self, capacity: 256) {
        FilePath.Component(platformString: $0)
      }
    }
    if let name, name.kind == .regular { names.append(name) }
  }
}
