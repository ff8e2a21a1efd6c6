import CSkein
import Glibc
import SkeinSync
import SkeinTesting

/// The fixture as a child process, which plays a scene and hangs.
final class FixtureProcess: Sendable {
  struct SpawnFailed: Error { var number: Int32 }

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
    id = try Self.spawn([scene], environment, [input.readEnd, output.writeEnd, errors.writeEnd])
    for end in [input.readEnd, output.writeEnd, errors.writeEnd] { close(end) }
    self.input = Lock(input.writeEnd)
    if isHeard { hear(errors.readEnd) } else { close(errors.readEnd) }
    _ = try await onThread {
      _ = Self.read(output.readEnd)
      close(output.readEnd)
    }
  }

  private func hear(_ errors: Int32) {
    let store = self.errors
    startDetachedThread(name: "fixture-errors") {
      while let text = Self.read(errors) { store.withLock { $0 += text } }
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

  private struct Pipe {
    var readEnd: Int32
    var writeEnd: Int32

    init() throws {
      var ends: [Int32] = [0, 0]
      let failure = skein_pipe(&ends)
      guard failure == 0 else { throw SpawnFailed(number: -failure) }
      (readEnd, writeEnd) = (ends[0], ends[1])
    }
  }

  private static func read(_ descriptor: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
  }

  /// The folder with everything that was built: the test bundle is an executable in it.
  private static var folder: String {
    var path = [CChar](repeating: 0, count: 4096)
    readlink("/proc/self/exe", &path, path.count - 1)
    let text = path.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    return String(text[..<(text.lastIndex(of: "/") ?? text.startIndex)])
  }

  private static func spawn(
    _ arguments: [String], _ environment: [String], _ descriptors: [Int32]
  ) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, descriptor) in descriptors.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
    }
    let program = "\(folder)/DiagnosticsFixture"
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    let inherited = (0...).lazy.map { environ[$0] }.prefix { $0 != nil }.map { String(cString: $0!) }
    let variables = (environment + inherited).map { strdup($0) } + [nil]
    defer { for word in words + variables { free(word) } }
    var id = pid_t()
    let failure = posix_spawn(&id, program, &actions, nil, words, variables)
    guard failure == 0 else { throw SpawnFailed(number: failure) }
    return id
  }
}
