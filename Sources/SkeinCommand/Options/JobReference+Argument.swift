internal import ArgumentParser
internal import SkeinJobForms

extension JobReference: ExpressibleByArgument {
  /// Reads an argument.
  init?(argument: String) { self.init(argument) }

  static func parse(_ text: String) throws -> JobReference {
    guard let reference = JobReference(text) else {
      throw ValidationError("'\(text)' names no job: use its number, as 'list' shows it, or its full id")
    }
    return reference
  }
}
