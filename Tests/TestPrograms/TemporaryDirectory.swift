import Glibc

/// Makes a directory that is the test's own.
package func temporaryDirectory() throws -> String {
  struct NoDirectory: Error { var number: Int32 }
  var template = Array("/tmp/skein-test-XXXXXX".utf8CString)
  guard let path = mkdtemp(&template) else { throw NoDirectory(number: errno) }
  return String(cString: path)
}

/// Removes a directory that holds files alone.
package func removeDirectory(_ path: String) {
  guard let directory = opendir(path) else { return }
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { unlink("\(path)/\(name)") }
  }
  closedir(directory)
  rmdir(path)
}
