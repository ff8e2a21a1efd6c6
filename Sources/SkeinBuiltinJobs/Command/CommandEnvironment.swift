internal import FoundationEssentials
internal import SkeinJobs
internal import Subprocess
internal import SystemPackage

extension CommandJob {
  /// All variables of the program.
  ///
  /// - Parameter worker: the worker's own variables.
  func variables(
    for context: JobContext, worker: [String: String] = ProcessInfo.processInfo.environment
  ) -> [String: String] {
    var variables: [String: String] = [:]
    for name in ["PATH"] + inherits { variables[name] = worker[name] }
    variables.merge(environment) { _, own in own }
    variables["SKEIN_JOB_ID"] = "\(context.id)"
    variables["SKEIN_ATTEMPT"] = "\(context.attempt)"
    return variables
  }

  /// What swift-subprocess needs to know.
  func configuration(for context: JobContext) -> Configuration {
    var options = PlatformOptions()
    // A session is a process group too, and has no terminal whose signals it would get.
    options.createSession = true
    let program = arguments[0]
    // A key can be made of any text.
    let variables = variables(for: context).map { (Environment.Key(rawValue: $0.key)!, $0.value) }
    return Configuration(
      executable: program.utf8.contains(UInt8(ascii: "/")) ? .path(.init(program)) : .name(program),
      arguments: Arguments(executablePathOverride: program, remainingValues: Array(arguments.dropFirst())),
      environment: .custom(Dictionary(uniqueKeysWithValues: variables)),
      workingDirectory: directory.map { .init($0) }, platformOptions: options)
  }
}
