internal import Foundation

/// Paths of files.
package enum Paths {
  /// The path from the root; `.` and `..` are resolved, links are not.
  package static func absolute(_ path: String) -> String {
    let full = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    return (full as NSString).standardizingPath
  }
}
