internal import ArgumentParser

/// The tool's manual page, made from what its commands say of themselves.
struct ManualPage {
  /// The arguments that most verbs take: described once.
  private let common: [ArgumentDescription]
  private let tool: CommandDescription
  private var page = Roff()

  /// Makes the page.
  static func text() throws -> String {
    var page = try ManualPage()
    page.write()
    return page.page.text
  }

  private init() throws {
    tool = try CommandDescription(of: SkeinTool.self)
    common = try CommandDescription(of: QueueOptions.self).ownArguments
  }

  private mutating func write() {
    let configuration = SkeinTool.configuration
    page.macro("TH", tool.commandName.uppercased(), "1", "", "\(tool.commandName) \(configuration.version)")
    page.macro("SH", "NAME")
    page.line("\(tool.commandName) - \(Self.lowered(configuration.abstract))")
    synopsis()
    section("DESCRIPTION", prose: configuration.abstract + "\n\n" + SkeinTool.about)
    options()
    for group in configuration.groupedSubcommands { verbs(of: group) }
    table("ENVIRONMENT", EnvironmentVariable.all.map { ($0.name, $0.meaning) })
    table("EXIT STATUS", ExitStatus.rows)
    table("FILES", ManualFile.all.map { ($0.path, $0.meaning) }, opening: "In the queue's directory:")
    section("EXAMPLES", prose: SkeinTool.examples)
    seeAlso()
  }

  /// A page's name line begins with a small letter.
  private static func lowered(_ sentence: String) -> String {
    let text = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
    return text.prefix(1).lowercased() + text.dropFirst()
  }

  // MARK: Sections

  private mutating func section(_ title: String, prose: String) {
    page.macro("SH", title)
    page.prose(prose)
  }

  private mutating func table(_ title: String, _ rows: [(String, String)], opening: String? = nil) {
    page.macro("SH", title)
    if let opening { page.line(opening) }
    for (term, meaning) in rows {
      page.macro("TP")
      page.mark(Roff.bold(term))
      page.line(meaning)
    }
  }

  private mutating func synopsis() {
    page.macro("SH", "SYNOPSIS")
    page.mark(
      "\(Roff.bold(tool.commandName)) \(Roff.italic("verb")) \(Self.someOptions)"
        + " [\(Roff.italic("argument")) ...]"
    )
  }

  private mutating func options() {
    page.macro("SH", "OPTIONS")
    page.macro("PP")
    page.line("Every verb that opens a queue takes these:")
    for argument in common { describe(argument) }
    page.macro("PP")
    page.line("All verbs take --help, which tells the same as this page.")
    page.line("--version prints the version,")
    page.line("--generate-completion-script completions for bash, zsh or fish.")
  }

  private mutating func seeAlso() {
    page.macro("SH", "SEE ALSO")
    page.mark("\(Roff.bold("jq"))(1), \(Roff.bold("systemd.service"))(5), \(Roff.bold("crontab"))(5)")
  }

  private static let someOptions = "[\(Roff.italic("option")) ...]"

  // MARK: Verbs

  private mutating func verbs(of group: CommandGroup) {
    page.macro("SH", "VERBS: " + group.name.uppercased())
    let names = group.subcommands.map { $0.configuration.commandName }
    for verb in tool.verbs where names.contains(verb.commandName) { describe(verb) }
  }

  private mutating func describe(_ verb: CommandDescription) {
    page.macro("SS", verb.path)
    let own = verb.ownArguments.filter { !common.contains($0) }
    page.mark(usage(of: verb, own))
    if let abstract = verb.abstract { page.prose(abstract) }
    if let discussion = verb.discussion { page.prose(discussion) }
    for argument in own { describe(argument) }
    for subcommand in verb.verbs { describe(subcommand) }
  }

  private func usage(of verb: CommandDescription, _ own: [ArgumentDescription]) -> String {
    let isBare = (verb.arguments ?? []).allSatisfy { $0.valueName == "help" || $0.valueName == "version" }
    let options = isBare ? [] : [Self.someOptions]
    let positional = own.filter { $0.kind == .positional }.map { argument in
      let name = Roff.italic(argument.valueName ?? "") + (argument.isRepeating ? " ..." : "")
      return argument.isOptional ? "[\(name)]" : name
    }
    let below = verb.verbs.isEmpty ? [] : [Roff.italic("verb")]
    return ([Roff.bold(verb.path)] + options + positional + below).joined(separator: " ")
  }

  private mutating func describe(_ argument: ArgumentDescription) {
    page.macro("TP")
    page.mark(term(argument))
    let meaning = [argument.abstract, argument.discussion].compactMap(\.self).joined(separator: " ")
    page.line(meaning + (argument.defaultValue.map { " (default: \($0))" } ?? ""))
  }

  private func term(_ argument: ArgumentDescription) -> String {
    let value = argument.valueName.map { Roff.italic($0) } ?? ""
    let names = (argument.names ?? []).map { Roff.bold($0.text) }.joined(separator: ", ")
    return switch argument.kind {
    case .positional: value
    case .flag: names
    case .option: names + " " + value
    }
  }
}
