import CSkein
import Glibc
import SkeinTesting

/// Whether ThreadSanitizer watches: it takes the signals of a crash for itself, and much memory.
package let isUnderThreadSanitizer = dlsym(nil, "__tsan_init") != nil

/// A program that a test runs as a process of its own.
package struct Program: Sendable {
  /// How a process ended, and what it wrote.
  package struct Result: Sendable {
    package var output: String
    package var errors: String
    package var ending: Ending

    package var lines: [String] { output.split(separator: "\n").map(String.init) }
  }

  package enum Ending: Hashable, Sendable {
    case exit(code: Int32)
    case signal(Int32)
  }

  package struct SpawnFailed: Error {
    package var number: Int32
  }

  package var path: String
  /// Whether it takes signals also where the thread that starts it does not; otherwise it inherits that.
  package var takesSignals = false

  package init(path: String) { self.path = path }

  /// A program of this package: it lies where the test bundle lies, which is an executable.
  package init(built name: String) {
    var path = [CChar](repeating: 0, count: 4096)
    readlink("/proc/self/exe", &path, path.count - 1)
    let bundle = path.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    self.path = bundle[..<(bundle.lastIndex(of: "/") ?? bundle.startIndex)] + "/" + name
  }

  /// Runs it to its end.
  package func run(
    _ arguments: [String] = [], environment: [String] = [], input: String = ""
  ) async throws -> Result {
    let (standardInput, output, errors) = (try Pipe(), try Pipe(), try Pipe())
    let id = try spawn(
      arguments, environment: environment,
      descriptors: [standardInput.readEnd, output.writeEnd, errors.writeEnd])
    for end in [standardInput.readEnd, output.writeEnd, errors.writeEnd] { close(end) }
    async let writing: Void = onThread { Pipe.write(input, to: standardInput.writeEnd) }
    async let text = onThread { Pipe.readAll(output.readEnd) }
    async let complaints = onThread { Pipe.readAll(errors.readEnd) }
    try await writing
    var result = Result(output: try await text, errors: try await complaints, ending: .exit(code: 0))
    result.ending = try await onThread { Self.wait(for: id) }
    return result
  }

  /// Starts it.
  ///
  /// - Parameters:
  ///   - environment: what comes before what it inherits, as `NAME=value`.
  ///   - descriptors: what become its descriptors 0, 1 and so on.
  /// - Returns: its process id.
  package func spawn(
    _ arguments: [String], environment: [String] = [], descriptors: [Int32]
  ) throws(SpawnFailed) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Out of the way first: a descriptor whose number another one gets would be gone before its turn.
    let sources = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, Int32(descriptors.count)) }
    defer { for source in sources { close(source) } }
    for (number, source) in sources.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, source, Int32(number))
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    if takesSignals { posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK)) }
    let words = ([path] + arguments).map { strdup($0) } + [nil]
    let inherited = (0...).lazy.map { environ[$0] }.prefix { $0 != nil }.map { String(cString: $0!) }
    let variables = (environment + inherited).map { strdup($0) } + [nil]
    defer { for word in words + variables { free(word) } }
    var id = pid_t()
    let failure = posix_spawn(&id, path, &actions, &attributes, words, variables)
    guard failure == 0 else { throw SpawnFailed(number: failure) }
    return id
  }

  private static func wait(for id: Int32) -> Ending {
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7f
    return signal == 0 ? .exit(code: status >> 8 & 0xff) : .signal(signal)
  }
}

/// A pipe neither of whose ends another child inherits by accident.
package struct Pipe: Sendable {
  package let readEnd: Int32
  package let writeEnd: Int32

  package init() throws(Program.SpawnFailed) {
    var ends: [Int32] = [0, 0]
    let failure = skein_pipe(&ends)
    guard failure == 0 else { throw Program.SpawnFailed(number: -failure) }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  /// What comes next; `nil` at the end.
  package static func read(_ descriptor: Int32) -> String? {
    readBytes(descriptor).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func readBytes(_ descriptor: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    return count > 0 ? Array(buffer.prefix(count)) : nil
  }

  /// Reads to the end, and closes.
  static func readAll(_ descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    while let more = readBytes(descriptor) { bytes += more }
    close(descriptor)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Writes, on a thread of its own, as much as is read at the other end, and closes this one.
  static func write(_ text: String, to descriptor: Int32) {
    // A reader that has ended is an error here, not the end of the tests.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    var left = Array(text.utf8)[...]
    while !left.isEmpty {
      let count = left.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { break }
      left = left.dropFirst(count)
    }
    close(descriptor)
  }
}
