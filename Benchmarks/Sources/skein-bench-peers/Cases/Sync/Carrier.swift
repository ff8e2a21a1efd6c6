import SkeinSync

/// What hands items from one thread or task to another.
protocol Carrier: Sendable {
  static var name: String { get }

  /// With room for so many items; `nil` is without a limit.
  init(capacity: Int?)

  func blockingPut(_ item: Int) throws
  func blockingGet() throws -> Int
  func put(_ item: Int) async throws
  func get() async throws -> Int
}

struct QueueCarrier: Carrier {
  static let name = "Queue"
  private let queue: Queue<Int>

  init(capacity: Int?) { queue = Queue(capacity: capacity) }

  @inline(__always) func blockingPut(_ item: Int) throws { try queue.put(item) }
  @inline(__always) func blockingGet() throws -> Int { try queue.get() }
  @inline(__always) func put(_ item: Int) async throws { try await queue.put(item) }
  @inline(__always) func get() async throws -> Int { try await queue.get() }
}

struct ChannelCarrier: Carrier {
  static let name = "makeChannel"
  private let sender: Sender<Int>
  private let receiver: Receiver<Int>

  init(capacity: Int?) { (sender, receiver) = makeChannel(of: Int.self, capacity: capacity) }

  @inline(__always) func blockingPut(_ item: Int) throws { try sender.send(item) }
  @inline(__always) func blockingGet() throws -> Int { try receiver.receive() }
  @inline(__always) func put(_ item: Int) async throws { try await sender.send(item) }
  @inline(__always) func get() async throws -> Int { try await receiver.receive() }
}
