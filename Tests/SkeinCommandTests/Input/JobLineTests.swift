import Foundation
import SkeinBuiltinJobs
import SkeinJobForms
import SkeinResilience
import SkeinWork
import Testing

@testable import SkeinCommand

@Suite struct JobLineTests {
  private func parse(_ text: String) throws -> JobRequest? {
    let usual = CommandJob(arguments: [], directory: "/here", environment: ["A": "1"])
    return try JobLine.parse(.init(number: 7, bytes: Data(text.utf8)), command: usual)
  }

  private func command(_ text: String) throws -> CommandJob {
    let request = try #require(try parse(text))
    #expect(request.name == "command" && request.line == 7)
    return try JSONCodec().decode(CommandJob.self, from: request.input)
  }

  @Test("plain text is run by the shell")
  func shell() throws {
    let job = try command("echo a | wc -c")
    #expect(job.arguments == ["/bin/sh", "-c", "echo a | wc -c"] && job.directory == "/here")
  }

  @Test("a blank line is no job", arguments: ["", "  ", "\t"])
  func blank(_ text: String) throws {
    #expect(try parse(text) == nil)
  }

  @Test("an object may hold a command")
  func commandObject() throws {
    let job = try command(#"{"command": ["ls", "-l"], "directory": "/tmp", "environment": {"B": "2"}}"#)
    #expect(
      job.arguments == ["ls", "-l"] && job.directory == "/tmp" && job.environment == ["A": "1", "B": "2"])
    #expect(try command(#"{"command": "ls -l"}"#).arguments == ["/bin/sh", "-c", "ls -l"])
  }

  @Test("an object may hold a task and its options; numbers are kept exactly")
  func task() throws {
    let text = #"""
      {"task": "t", "input": {"n": 9007199254740993, "x": [1.5, null, true]}, "queue": "q", "priority": 9,
       "retries": 2, "backoff": "fixed:1s", "timeout": 30, "softTimeout": "20s", "delay": "1m",
       "expires": "1h", "unique": "u"}
      """#
    let request = try #require(try parse(text.replacing("\n", with: " ")))
    #expect(String(decoding: request.input, as: UTF8.self) == #"{"n":9007199254740993,"x":[1.5,null,true]}"#)
    #expect(
      request.changes
        == OptionChanges(
          queue: "q", priority: 9, retries: 2, backoff: .fixed(.seconds(1)), timeout: .seconds(30),
          softTimeout: .seconds(20), delay: .seconds(60), expires: .seconds(3600), unique: "u"))
  }

  @Test(
    "a bad line is refused with its number and the reason",
    arguments: [
      (#"{"task": "t", "piority": 9}"#, "did you mean priority?"),
      (#"{"task": "t", "command": "ls"}"#, "either a 'task' or a 'command'"),
      (#"{}"#, "either a 'task' or a 'command'"),
      (#"{"task": "t""#, "does not fit"),
      (#"{"task": "t", "priority": "high"}"#, "'priority' does not fit: it is no integer"),
      (#"{"task": "t", "timeout": "soon"}"#, "'timeout': 'soon' is no duration"),
      (#"{"task": "t", "timeout": -1}"#, "from 0 to a hundred years"),
      (#"{"task": "t", "directory": "/"}"#, "belongs to a 'command'"),
      (#"{"command": ["ls"], "input": {}}"#, "belongs to a 'task'"),
      (#"{"command": 5}"#, "'command' does not fit"),
    ])
  func refuse(_ text: String, _ reason: String) {
    #expect { try parse(text) } throws: { "\($0)".hasPrefix("line 7: ") && "\($0)".contains(reason) }
  }

  @Test("text that is not UTF-8 is refused")
  func invalidText() {
    let usual = CommandJob(arguments: [])
    #expect { try JobLine.parse(.init(number: 3, bytes: Data([0x65, 0xff])), command: usual) } throws: {
      "\($0)" == "line 3: it is no UTF-8 text"
    }
  }
}
