internal import Foundation

/// Benchmarks/RESULTS.md: a section for each suite, so that saving one leaves the others as they are.
package struct ResultsFile {
  /// What is written above the sections.
  static let opening = """
    # Results

    Written by `./bench SUITE --save`, a section for each suite. Absolute numbers depend on the machine; the ratios \
    are what counts.
    """

  private struct Section {
    var heading: String
    var body: String
  }

  private var sections: [Section]

  /// Reads the sections of a file: each begins with a heading of the second level.
  package init(_ text: String) {
    sections = text.split(separator: "\n## ", omittingEmptySubsequences: false).dropFirst().map { section in
      let end = section.firstIndex(of: "\n") ?? section.endIndex
      return Section(
        heading: String(section[..<end]),
        body: section[end...].trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  /// Puts a section in the place of the one that has its heading, or after all others.
  package mutating func replace(_ heading: String, with body: String) {
    let section = Section(heading: heading, body: body)
    if let index = sections.firstIndex(where: { $0.heading == heading }) {
      sections[index] = section
    } else {
      sections.append(section)
    }
  }

  package var text: String {
    ([Self.opening] + sections.map { "## \($0.heading)\n\n\($0.body)" }).joined(separator: "\n\n") + "\n"
  }

  /// Replaces one section of the file at a path, which need not exist yet.
  package static func save(_ body: String, under heading: String, at path: String) throws {
    var file = ResultsFile((try? String(contentsOfFile: path, encoding: .utf8)) ?? "")
    file.replace(heading, with: body)
    try file.text.write(toFile: path, atomically: true, encoding: .utf8)
  }
}
