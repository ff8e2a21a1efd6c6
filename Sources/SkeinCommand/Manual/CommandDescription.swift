internal import ArgumentParser
internal import Foundation

/// A command as the parser describes it: what `--experimental-dump-help` prints.
struct CommandDescription: Decodable {
  var commandName: String
  var superCommands: [String]?
  var shouldDisplay: Bool?
  var abstract: String?
  var discussion: String?
  var subcommands: [CommandDescription]?
  var arguments: [ArgumentDescription]?

  /// Describes a command and all below it.
  init(of command: (some ParsableArguments).Type) throws {
    let text = command._dumpHelp()
    self = try JSONDecoder().decode(CommandDump.self, from: Data(text.utf8)).command
  }

  /// The words that call it.
  var path: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }

  /// The commands below it that help shows, but for `help` itself.
  var verbs: [CommandDescription] {
    (subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
  }

  /// The arguments that help shows, but for those that the parser adds to every command.
  var ownArguments: [ArgumentDescription] {
    (arguments ?? []).filter { $0.shouldDisplay && !["help", "version"].contains($0.valueName) }
  }
}

/// The whole of what the parser prints.
private struct CommandDump: Decodable {
  var command: CommandDescription
}

/// An argument as the parser describes it.
struct ArgumentDescription: Decodable, Hashable {
  enum Kind: String, Decodable, Hashable {
    case positional, option, flag
  }

  struct Name: Decodable, Hashable {
    enum Kind: String, Decodable, Hashable {
      case long, short, longWithSingleDash
    }

    var kind: Kind
    var name: String

    /// The name as it is typed.
    var text: String { (kind == .long ? "--" : "-") + name }
  }

  var kind: Kind
  var shouldDisplay: Bool
  var isOptional: Bool
  var isRepeating: Bool
  var names: [Name]?
  var valueName: String?
  var defaultValue: String?
  var abstract: String?
  var discussion: String?
}
