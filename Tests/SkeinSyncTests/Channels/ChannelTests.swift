import SkeinSync
import SkeinTesting
import Testing

@Suite("Channel")
struct ChannelTests {
  @Test("it keeps the rules of every channel, for threads and tasks")
  func conformance() async throws {
    try await exerciseChannel(allowsRendezvous: true) { capacity in
      let (sender, receiver) = makeChannel(of: Int.self, capacity: capacity)
      return ChannelAdaptor(
        send: { element in
          do throws(SendError<Int>) { try await sender.send(element) } catch {
            throw Self.waitError(error.reason)
          }
        },
        blockingSend: { element in
          do throws(SendError<Int>) { try sender.send(element) } catch { throw Self.waitError(error.reason) }
        },
        trySend: { (try? sender.trySend($0)) ?? false },
        receive: {
          do throws(ReceiveError) { return try await receiver.receive() } catch {
            throw Self.waitError(error)
          }
        },
        blockingReceive: {
          do throws(ReceiveError) { return try receiver.receive() } catch { throw Self.waitError(error) }
        },
        tryReceive: { (try? receiver.tryReceive()) ?? nil },
        close: { sender.close() },
        waiterCount: { receiver.waiterCount })
    }
  }

  private static func waitError(_ reason: SendError<Int>.Reason) -> WaitError {
    switch reason {
    case .closed, .disconnected: .closed
    case .timedOut: .timedOut
    case .cancelled: .cancelled
    }
  }

  private static func waitError(_ error: ReceiveError) -> WaitError {
    switch error {
    case .closed, .disconnected: .closed
    case .timedOut: .timedOut
    case .cancelled: .cancelled
    }
  }

  @Test("elements come out as they went in, in a task and on a thread")
  func smoke() async throws {
    let (sender, receiver) = makeChannel(of: String.self, capacity: nil)
    try await sender.send("a")
    try await onThread { try sender.send("b") }
    let first = try await receiver.receive()
    let second = try await onThread { try receiver.receive() }
    #expect([first, second] == ["a", "b"])
  }

  // MARK: Capacity

  @Test("a bounded channel takes as many as its capacity", arguments: [1, 2, 5, 64])
  func capacity(capacity: Int) throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: capacity)
    for element in 0..<capacity {
      let isSent = try sender.trySend(element)
      #expect(isSent)
    }
    let isSent = try sender.trySend(-1)
    #expect(!isSent && sender.count == capacity)
    for element in 0..<capacity {
      let received = try receiver.tryReceive()
      #expect(received == element)
    }
    let received = try receiver.tryReceive()
    #expect(received == nil && receiver.count == 0)
  }

  @Test("an unbounded channel grows, and says that it has no capacity")
  func unbounded() throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: nil)
    for element in 0..<10_000 { _ = try sender.trySend(element) }
    #expect(sender.count == 10_000 && sender.statistics.capacity == nil)
    for element in 0..<10_000 { try #require(try receiver.tryReceive() == element) }
  }

  @Test("a negative capacity traps with the name of the channel")
  func negativeCapacity() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = makeChannel(of: Int.self, capacity: -1, name: "orders")
    }
    let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(message.contains("Channel orders can not have a capacity of -1"))
  }

  // MARK: Rendezvous

  @Test("with capacity 0 a send waits for its receive, whoever comes first and in whatever form")
  func rendezvous() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 0)
    let isSent = try sender.trySend(1)
    #expect(!isSent)
    let sending = Task { try await sender.send(2) }
    try await eventually("the sender waits") { sender.statistics.waitingSenders == 1 }
    let received = try receiver.tryReceive()
    #expect(received == 2)
    try await sending.value

    let receiving = Task { try await onThread { try receiver.receive() } }
    try await eventually("the receiver waits") { sender.statistics.waitingReceivers == 1 }
    let isTaken = try sender.trySend(3)
    let element = try await receiving.value
    #expect(isTaken && element == 3 && sender.count == 0)
  }

  // MARK: Order

  @Test("those who wait to receive are served in order, and a newcomer does not overtake them")
  func receiversInOrder() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 4)
    var receivers: [Task<Int, any Error>] = []
    for number in 0..<4 {
      receivers.append(
        number % 2 == 0
          ? Task { try await receiver.receive() }
          : Task { try await onThread { try receiver.receive() } })
      try await eventually("receiver \(number) waits") { receiver.waiterCount == number + 1 }
    }
    for element in 0..<4 { try await sender.send(element) }
    let overtaking = try receiver.tryReceive()
    #expect(overtaking == nil)
    for number in 0..<4 {
      let element = try await receivers[number].value
      #expect(element == number)
    }
  }

  @Test("those who wait to send are served in order, and a newcomer does not overtake them")
  func sendersInOrder() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 1)
    try await sender.send(0)
    var senders: [Task<Void, any Error>] = []
    for number in 1...4 {
      senders.append(
        number % 2 == 0
          ? Task { try await sender.send(number) }
          : Task { try await onThread { try sender.send(number) } })
      try await eventually("sender \(number) waits") { sender.waiterCount == number }
    }
    for number in 0...4 {
      let element = try await receiver.receive()
      #expect(element == number)
      if number < 4 {
        let isOvertaking = try sender.trySend(99)
        #expect(!isOvertaking)
      }
    }
    for sender in senders { try await sender.value }
  }

  // MARK: Timeout

  @Test("a wait ends at its deadline on the clock that it was given, in tasks and threads")
  func manualTimeout() async throws {
    let (clock, channel) = (ManualClock(), makeChannel(of: Int.self, capacity: 0))
    let (sender, receiver) = channel
    let task = Task { try await receiver.receive(timeout: .seconds(1), clock: clock) }
    let thread = Task { try await onThread { try receiver.receive(timeout: .seconds(2), clock: clock) } }
    try await clock.waitUntilScheduled(count: 2)
    clock.advance(by: .seconds(1))
    await #expect(throws: ReceiveError.timedOut) { try await task.value }
    clock.advance(by: .seconds(1))
    await #expect(throws: ReceiveError.timedOut) { try await thread.value }
    #expect(receiver.waiterCount == 0)

    let sendingTask = Task { try await sender.send(7, timeout: .seconds(1), clock: clock) }
    let sendingThread = Task { try await onThread { try sender.send(8, timeout: .seconds(1), clock: clock) } }
    try await clock.waitUntilScheduled(count: 2)
    clock.advance(by: .seconds(1))
    await #expect(throws: SendError(.timedOut, 7)) { try await sendingTask.value }
    await #expect(throws: SendError(.timedOut, 8)) { try await sendingThread.value }
    #expect(sender.waiterCount == 0 && clock.scheduledCount == 0)
  }

  @Test("a wait ends on the real clock too", arguments: [Duration.seconds(-1), .zero, .milliseconds(2)])
  func realTimeout(timeout: Duration) async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 1)
    await #expect(throws: ReceiveError.timedOut) { try await receiver.receive(timeout: timeout) }
    await #expect(throws: ReceiveError.timedOut) {
      try await onThread { try receiver.receive(timeout: timeout) }
    }
    try await sender.send(1, timeout: timeout)
    await #expect(throws: SendError(.timedOut, 2)) { try await sender.send(2, timeout: timeout) }
    await #expect(throws: SendError(.timedOut, 3)) {
      try await onThread { try sender.send(3, timeout: timeout) }
    }
    let element = try await receiver.receive(timeout: timeout)
    #expect(element == 1 && receiver.waiterCount == 0)
  }

  @Test("a timeout past what a clock can express is no limit")
  func endlessTimeout() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 0)
    let forever = Duration.seconds(Int64.max)
    let task = Task { try await receiver.receive(timeout: forever) }
    let thread = Task { try await onThread { try receiver.receive(timeout: forever) } }
    try await eventually("both wait") { receiver.waiterCount == 2 }
    try await sender.send(1)
    try await sender.send(1)
    let sum = try await task.value + thread.value
    #expect(sum == 2)
  }

  // MARK: Cancellation

  @Test("a cancelled receiver takes nothing, wherever it stands", arguments: 0..<3)
  func cancelledReceiver(index: Int) async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 0)
    var receivers: [Task<Int, any Error>] = []
    for number in 0..<3 {
      receivers.append(Task { try await receiver.receive() })
      try await eventually("receiver \(number) waits") { receiver.waiterCount == number + 1 }
    }
    receivers[index].cancel()
    await #expect(throws: ReceiveError.cancelled) { try await receivers[index].value }
    for number in 0..<3 where number != index {
      try await sender.send(number)
      let element = try await receivers[number].value
      #expect(element == number)
    }
  }

  @Test("a cancelled sender has its element back, and the others keep their order", arguments: 0..<3)
  func cancelledSender(index: Int) async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 0)
    var senders: [Task<Void, any Error>] = []
    for number in 0..<3 {
      senders.append(Task { try await sender.send(number) })
      try await eventually("sender \(number) waits") { sender.waiterCount == number + 1 }
    }
    senders[index].cancel()
    await #expect(throws: SendError(.cancelled, index)) { try await senders[index].value }
    for number in 0..<3 where number != index {
      let element = try await receiver.receive()
      #expect(element == number)
    }
  }

  @Test("a task that is cancelled already sends and receives what needs no wait, and waits for nothing")
  func cancelledBefore() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 1)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      await #expect(throws: ReceiveError.cancelled) { try await receiver.receive() }
      try await sender.send(1)
      await #expect(throws: SendError(.cancelled, 2)) { try await sender.send(2) }
      let element = try await receiver.receive()
      #expect(element == 1)
    }
    try await task.value
    #expect(receiver.waiterCount == 0 && receiver.count == 0)
  }

  // MARK: Looking

  @Test("statistics tell what is buffered, who waits and what is open")
  func statistics() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 1)
    let clone = sender.clone()
    try await sender.send(1)
    let sending = Task { try await clone.send(2) }
    try await eventually("a sender waits") { sender.waiterCount == 1 }
    var expected = sender.statistics
    #expect(expected.bufferedCount == 1 && expected.capacity == 1)
    #expect(expected.waitingSenders == 1 && expected.waitingReceivers == 0)
    #expect(expected.openSenders == 2 && expected.openReceivers == 1)
    #expect(receiver.statistics == expected)
    _ = try await receiver.receive()
    try await sending.value
    clone.close()
    expected.waitingSenders = 0
    expected.openSenders = 1
    #expect(sender.statistics == expected)
  }

  @Test("diagnosis sees who waits, for which channel, and for what")
  func diagnosis() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 0, name: "diagnosed orders")
    let sending = Task(name: "producer") { try await sender.send(1) }
    try await eventually("the sender waits") { sender.waiterCount == 1 }
    var waits: [ObservedWait] = []
    try await eventually("diagnosis sees it") {
      waits = WaitSources.observe().waits.filter { $0.object.name == "diagnosed orders" }
      return waits.count == 1
    }
    #expect(waits[0].purpose == "to send" && waits[0].party.name == "producer")
    #expect(waits[0].object.state == "0 of 0 buffered; 1 senders, 1 receivers open")
    _ = try await receiver.receive()
    try await sending.value
  }
}
