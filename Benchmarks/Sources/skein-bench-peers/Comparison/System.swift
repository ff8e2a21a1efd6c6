import Foundation

/// Something that is measured by a program of its own, which prints a line for each case.
struct System: Sendable {
  enum ID: String, CaseIterable, Codable, CodingKeyRepresentable {
    case skein, mutex, dispatch, nio, c, cpp, go, rust, java, python, loky
  }

  let id: ID
  /// What the table calls it.
  let name: String
  /// What it has cases of.
  let families: Set<Family>
  /// The program and its first arguments.
  let command: [String]
  /// A file without which it can not be measured.
  let needs: String
  /// Debian's packages that it is made of.
  let packages: String

}
