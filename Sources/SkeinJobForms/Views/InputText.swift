package import FoundationEssentials
internal import SkeinBuiltinJobs
internal import SkeinJobs
internal import SkeinWork

/// What a job is about, in one line.
package enum InputText {
  /// A command as one would type it; of other jobs, their input.
  package static func summary(name: String, input: Data) -> String {
    guard name == CommandJob.name, let command = try? JSONCodec().decode(CommandJob.self, from: input) else {
      return String(decoding: input.prefix(2000), as: UTF8.self)
    }
    if command.arguments.count == 3, command.arguments[..<2] == ["/bin/sh", "-c"] {
      return command.arguments[2]
    }
    return command.arguments.map(quoted).joined(separator: " ")
  }

  private static func quoted(_ argument: String) -> String {
    let plain = argument.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        || "_-./:=,+@%".unicodeScalars.contains(scalar)
    }
    return plain && !argument.isEmpty ? argument : "'" + argument.replacing("'", with: #"'\''"#) + "'"
  }
}
