import FoundationEssentials
import SkeinJobs
import SkeinWork
import Testing

@testable import SkeinBuiltinJobs

@Suite("the input of the built-in jobs")
struct BuiltinInputTests {
  private func decode<J: Job>(_ job: J.Type, _ text: String) throws -> J {
    try JSONCodec().decode(job, from: Data(text.utf8))
  }

  @Test("only the arguments of a command must be given")
  func defaults() throws {
    #expect(try decode(CommandJob.self, #"{"arguments": ["ls"]}"#) == CommandJob(arguments: ["ls"]))
    #expect(try decode(WordCountJob.self, #"{"paths": ["."]}"#) == WordCountJob(paths: ["."]))
  }

  @Test("what was encoded is decoded")
  func roundTrip() throws {
    let command = CommandJob(
      arguments: ["a", "b c"], directory: "/tmp", environment: ["X": "y"], inherits: ["HOME"],
      standardInput: "in", outputLimit: 7, terminationGrace: .milliseconds(1500))
    let data = try JSONCodec().encode(command)
    #expect(try JSONCodec().decode(CommandJob.self, from: data) == command)
    #expect(String(decoding: data, as: UTF8.self).contains(#""terminationGrace":1.5"#))
    let count = WordCountJob(paths: ["a"], top: 3, caseSensitive: true)
    #expect(try JSONCodec().decode(WordCountJob.self, from: JSONCodec().encode(count)) == count)
  }

  @Test(
    "a bad command is refused before it is queued",
    arguments: [
      (#"{}"#, "'arguments' is missing"), (#"{"arguments": []}"#, "empty"),
      (#"{"arguments": [""]}"#, "empty"),
      (#"{"arguments": ["a\u0000b"]}"#, "NUL"),
      (#"{"arguments": ["a"], "directory": ""}"#, "directory is empty"),
      (#"{"arguments": ["a"], "environment": {"A=B": "c"}}"#, "A=B"),
      (#"{"arguments": ["a"], "environment": {"A": "\u0000"}}"#, "NUL"),
      (#"{"arguments": ["a"], "inherits": ["1A"]}"#, "1A"),
      (#"{"arguments": ["a"], "inherits": [""]}"#, "''"),
      (#"{"arguments": ["a"], "outputLimit": -1}"#, "-1"),
      (#"{"arguments": ["a"], "outputLimit": 99999999}"#, "99999999"),
      (#"{"arguments": ["a"], "terminationGrace": -1}"#, "-1"),
      (#"{"arguments": ["a"], "terminationGrace": 1e300}"#, "1e+300"),
      (#"{"arguments": "ls -l"}"#, "Array"),
    ])
  func badCommand(input: String, hint: String) throws {
    let registry = try JobRegistry(BuiltinJobs.all)
    let error = try #require(throws: JobQueueError.self) {
      try registry.options(of: "command", input: Data(input.utf8))
    }
    #expect("\(error)".contains(hint))
  }

  @Test(
    "a bad word count is refused before it is queued",
    arguments: [
      #"{}"#, #"{"paths": []}"#, #"{"paths": [""]}"#, #"{"paths": ["a\u0000"]}"#,
      #"{"paths": ["a"], "top": -1}"#,
      #"{"paths": ["a"], "top": 1001}"#,
    ])
  func badWordCount(input: String) throws {
    let registry = try JobRegistry(BuiltinJobs.all)
    #expect(throws: JobQueueError.self) { try registry.options(of: "wordcount", input: Data(input.utf8)) }
  }

  @Test("a bad job that was made in code fails for good when it is run")
  func badAtRun() async {
    await #expect(throws: InvalidJobInput.self) { try await CommandJob(arguments: []).run(in: JobContext()) }
    await #expect(throws: InvalidJobInput.self) { try await WordCountJob(paths: []).run(in: JobContext()) }
  }
}
