import Glibc
import SkeinSync
import SkeinTesting
import TestPrograms

/// The fixture as a child process, which plays a scene and hangs.
final class FixtureProcess: Sendable {
  let id: Int32
  /// What it writes to standard error, as far as it has come.
  private let errors = Lock("", name: "standard error of the fixture")
  /// The end that keeps it alive; `nil` once it has ended.
  private let input: Lock<Int32?>

  /// Starts the fixture and waits until its scene stands.
  ///
  /// - Parameter isHeard: whether its standard error has a reader; else that one is gone.
  init(_ scene: String, environment: [String] = [], isHeard: Bool = true) async throws {
    let (input, output, errors) = (try Pipe(), try Pipe(), try Pipe())
    id = try Program(built: "DiagnosticsFixture").spawn(
      [scene], environment: environment, descriptors: [input.readEnd, output.writeEnd, errors.writeEnd])
    for end in [input.readEnd, output.writeEnd, errors.writeEnd] { close(end) }
    self.input = Lock(input.writeEnd)
    if isHeard { hear(errors.readEnd) } else { close(errors.readEnd) }
    _ = try await onThread {
      _ = Pipe.read(output.readEnd)
      close(output.readEnd)
    }
  }

  private func hear(_ errors: Int32) {
    let store = self.errors
    startDetachedThread(name: "fixture-errors") {
      while let text = Pipe.read(errors) { store.withLock { $0 += text } }
      close(errors)
    }
  }

  deinit {
    guard let input = input.withLock({ $0.take() }) else { return }
    close(input)
    signal(SIGKILL)
    waitpid(id, nil, 0)
  }

  var errorText: String { errors.withLock { $0 } }

  func signal(_ number: Int32) { Glibc.kill(id, number) }

  /// Ends it in an orderly way; returns when it has ended. Not together with `signal` afterwards.
  func end() async throws {
    let id = id
    guard let input = input.withLock({ $0.take() }) else { return }
    close(input)
    try await onThread { _ = waitpid(id, nil, 0) }
  }

  /// Kills it; returns when it has ended.
  func kill() async throws {
    signal(SIGKILL)
    try await end()
  }
}
