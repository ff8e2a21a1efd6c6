import Glibc

struct NoFolder: Error {}

/// Makes a folder that is the test's own.
func temporaryFolder() throws -> String {
  var template = Array("/tmp/skein-network-XXXXXX".utf8CString)
  guard let path = mkdtemp(&template) else { throw NoFolder() }
  return String(cString: path)
}

/// Removes a folder that holds files alone.
func removeFolder(_ path: String) {
  guard let folder = opendir(path) else { return }
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { unlink("\(path)/\(name)") }
  }
  closedir(folder)
  rmdir(path)
}
