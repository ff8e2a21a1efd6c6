internal import ArgumentParser

/// Prints the manual page.
struct ManVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "man",
    abstract: "Print the manual page, for 'man' to show.",
    discussion: """
      It is made from the help texts of this very program.

      Examples:
        \(SkeinTool.name) man | man -l -
        \(SkeinTool.name) man > ~/.local/share/man/man1/\(SkeinTool.name).1
      """)

  func run() throws {
    try Console.shared.write(ManualPage.text())
  }
}
