import FoundationEssentials
import Glibc
import SkeinProcesses
import SkeinTesting
import SkeinWork
import TestPrograms

/// What the tests share with MemoryFixture, which has the same type.
struct SharedThings: Codable {
  var lock: SharedLock
  var semaphore: SharedSemaphore
  var event: SharedEvent
  var value: SharedValue<Int>
  var counter: SharedCounter
  var barrier: SharedBarrier
  var condition: SharedCondition

  init(permits: Int = 1) throws {
    lock = try SharedLock()
    semaphore = try SharedSemaphore(permits: permits, isBounded: true)
    event = try SharedEvent()
    value = try SharedValue(0)
    counter = try SharedCounter()
    barrier = try SharedBarrier(parties: 3)
    condition = try SharedCondition(lock: try SharedLock(), capacity: 4)
  }

  /// Starts MemoryFixture with these things.
  func start(_ role: String) throws -> SharedPeer {
    let sending = DescriptorTransfer()
    let message = try DescriptorTransfer.$current.withValue(sending) { try JSONCodec().encode(self) }
    let output = try Pipe()
    let files = [0, output.writeEnd, 2] + sending.outgoing.map(\.rawValue)
    let id = try Program(built: "MemoryFixture").spawn(
      [role, String(decoding: message, as: UTF8.self)], descriptors: files)
    close(output.writeEnd)
    return SharedPeer(processID: id, output: output.readEnd)
  }
}

/// A process of MemoryFixture.
struct SharedPeer: Sendable {
  let processID: Int32
  let output: Int32

  /// Waits until it has told the next word.
  func next() async throws -> String? { try await onThread { [output] in Pipe.read(output) } }

  func kill() async throws {
    Glibc.kill(processID, SIGKILL)
    _ = try await end()
  }

  /// Waits for its end; zero when it was a good one.
  func end() async throws -> Int32 {
    try await onThread { [self] in
      var status: Int32 = 0
      while waitpid(processID, &status, 0) < 0, errno == EINTR {}
      close(output)
      return status
    }
  }
}

/// Sends a value to this process itself.
func resend<Value: Codable>(_ value: Value) throws -> Value { try resend(value, as: Value.self) }

func resend<Other: Codable>(_ value: some Codable, as type: Other.Type) throws -> Other {
  let sending = DescriptorTransfer()
  let bytes = try DescriptorTransfer.$current.withValue(sending) { try JSONCodec().encode([value]) }
  let files = sending.outgoing.map { fcntl($0.rawValue, F_DUPFD_CLOEXEC, 0) }
  return try DescriptorTransfer.$current.withValue(DescriptorTransfer(received: files)) {
    try JSONCodec().decode([Other].self, from: bytes)[0]
  }
}
