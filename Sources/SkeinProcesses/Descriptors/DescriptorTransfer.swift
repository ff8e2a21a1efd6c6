internal import FoundationEssentials
internal import Glibc
internal import SkeinSync
internal import SkeinWork

/// The open files that travel beside one message, while that is encoded or decoded.
///
/// - Invariant: what was received is closed with the transfer; whoever took it has a duplicate.
package final class DescriptorTransfer: Sendable {
  @TaskLocal package static var current: DescriptorTransfer?

  private struct State: Sendable {
    var outgoing: [OwnedDescriptor] = []
    /// By their numbers.
    var received: [Int32] = []
  }

  private let state: Lock<State>

  /// - Parameter received: open descriptors that came with a message, for the transfer to own.
  package init(received: [Int32] = []) {
    state = Lock(State(received: received), internalTo: "DescriptorTransfer")
  }

  deinit { finish() }

  /// Closes what came: the message has been decoded.
  func finish() {
    let received = state.withLock { state in
      defer { state.received = [] }
      return state.received
    }
    for descriptor in received { _ = Glibc.close(descriptor) }
  }

  /// What is to be sent, in the order of its numbers.
  package var outgoing: [OwnedDescriptor] { state.withLock { $0.outgoing } }

  /// The number under which the receiver finds the descriptor; one that is there already keeps its number.
  func add(_ descriptor: OwnedDescriptor) -> Int {
    state.withLock { state in
      if let index = state.outgoing.firstIndex(where: { $0 === descriptor }) { return index }
      state.outgoing.append(descriptor)
      return state.outgoing.count - 1
    }
  }

  /// A descriptor of the caller's own for what came under the number, since a message may hold the same file several
  /// times; `nil` when there is no such number, or no descriptor left.
  func take(_ index: Int) -> Int32? {
    state.withLock { state in
      guard state.received.indices.contains(index) else { return nil }
      let duplicate = fcntl(state.received[index], F_DUPFD_CLOEXEC, 0)
      return duplicate >= 0 ? duplicate : nil
    }
  }

  /// Encodes a part of the message.
  func encode(_ value: some Encodable, behind prefix: [UInt8] = []) throws -> Data {
    try Self.$current.withValue(self) { try messageCodec.encode(value, behind: prefix) }
  }

  /// Decodes a part of the message, once: long bytes of it are given out as they lie there.
  func decode<Value: Decodable>(_ type: Value.Type, from bytes: Data) throws -> Value {
    try Self.$current.withValue(self) { try messageCodec.decode(type, owning: bytes) }
  }
}
