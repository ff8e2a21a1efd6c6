import SkeinSync
import SkeinTesting
import Testing

/// Counts its own ends.
final class CountsItsEnd: Sendable {
  private let ends: Lock<Int>
  init(_ ends: Lock<Int>) { self.ends = ends }
  deinit { ends.withLock { $0 += 1 } }
}

@Suite("Channel: closing and handles")
struct ChannelClosingTests {
  @Test("when the last sender is closed, receivers get what is buffered, then its end")
  func drain() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: nil)
    for element in 0..<3 { try await sender.send(element) }
    sender.close()
    for element in 0..<3 {
      let received = try await receiver.receive()
      #expect(received == element)
    }
    await #expect(throws: ReceiveError.disconnected) { try await receiver.receive() }
    await #expect(throws: ReceiveError.disconnected) { try await onThread { try receiver.receive() } }
    await #expect(throws: ReceiveError.disconnected) { try await receiver.receive(timeout: .seconds(9)) }
    #expect(throws: ReceiveError.disconnected) { try receiver.tryReceive() }
  }

  @Test("closing the last sender wakes those who wait to receive, tasks and threads")
  func lastSenderWakes() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 0)
    let clone = sender.clone()
    let task = Task { try await receiver.receive() }
    let thread = Task { try await onThread { try receiver.receive() } }
    try await eventually("both wait") { receiver.waiterCount == 2 }
    sender.close()
    #expect(receiver.waiterCount == 2)
    clone.close()
    await #expect(throws: ReceiveError.disconnected) { try await task.value }
    await #expect(throws: ReceiveError.disconnected) { try await thread.value }
  }

  @Test("closing the last receiver hands their elements back to those who wait to send")
  func lastReceiverWakes() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 0)
    let clone = receiver.clone()
    let task = Task { try await sender.send(1) }
    let thread = Task { try await onThread { try sender.send(2) } }
    try await eventually("both wait") { sender.waiterCount == 2 }
    receiver.close()
    #expect(sender.waiterCount == 2)
    clone.close()
    await #expect(throws: SendError(.disconnected, 1)) { try await task.value }
    await #expect(throws: SendError(.disconnected, 2)) { try await thread.value }
    await #expect(throws: SendError(.disconnected, 3)) { try await sender.send(3) }
    #expect(throws: SendError(.disconnected, 4)) { try sender.trySend(4) }
  }

  @Test("a closed handle is another error than a channel whose other side is gone")
  func closedHere() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 1)
    try await sender.send(0)
    let (otherSender, otherReceiver) = (sender.clone(), receiver.clone())
    sender.close()
    receiver.close()
    await #expect(throws: SendError(.closed, 1)) { try await sender.send(1) }
    #expect(throws: SendError(.closed, 2)) { try sender.trySend(2) }
    await #expect(throws: ReceiveError.closed) { try await receiver.receive() }
    #expect(throws: ReceiveError.closed) { try receiver.tryReceive() }
    // The others go on, and what is buffered is there still.
    let element = try await otherReceiver.receive()
    try await otherSender.send(3)
    #expect(element == 0 && otherReceiver.count == 1)
  }

  @Test("closing a handle ends the waits through it, and no others")
  func closeEndsOwnWaits() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 0)
    let other = receiver.clone()
    let ended = Task { try await receiver.receive() }
    try await eventually("the first waits") { receiver.waiterCount == 1 }
    let going = Task { try await onThread { try other.receive() } }
    try await eventually("the second waits") { receiver.waiterCount == 2 }
    receiver.close()
    await #expect(throws: ReceiveError.closed) { try await ended.value }
    try await sender.send(5)
    let element = try await going.value
    #expect(element == 5)

    let sending = Task { try await sender.send(6) }
    try await eventually("the sender waits") { sender.waiterCount == 1 }
    sender.close()
    await #expect(throws: SendError(.closed, 6)) { try await sending.value }
    await #expect(throws: ReceiveError.disconnected) { try await other.receive() }
  }

  @Test("closing twice is closing once, in every copy of the handle")
  func closeTwice() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 1)
    let (copy, clone) = (sender, sender.clone())
    sender.close()
    copy.close()
    #expect(receiver.statistics.openSenders == 1)
    #expect(throws: SendError(.closed, 1)) { try copy.trySend(1) }
    let isSent = try clone.trySend(2)
    #expect(isSent)
  }

  @Test("the clone of a closed handle is closed")
  func cloneOfClosed() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 1)
    sender.close()
    let clone = sender.clone()
    #expect(throws: SendError(.closed, 1)) { try clone.trySend(1) }
    #expect(receiver.statistics.openSenders == 0)
  }

  @Test("a handle that is dropped is closed; while a copy lives it is open")
  func dropCloses() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 1)
    do {
      var dropped: Sender<Int>? = sender.clone()
      let copy = dropped
      dropped = nil
      #expect(receiver.statistics.openSenders == 2)
      withExtendedLifetime(copy) {}
    }
    #expect(receiver.statistics.openSenders == 1)
    let other = receiver.clone()
    #expect(sender.statistics.openReceivers == 2)
    withExtendedLifetime(other) {}
  }

  @Test("a producer that ends drops its sender, and the receivers see the end")
  func dropEnds() async throws {
    func produce() -> Receiver<Int> {
      let (sender, receiver) = makeChannel(of: Int.self, capacity: 0)
      Task { for element in 0..<5 { try await sender.send(element) } }
      return receiver
    }
    var received: [Int] = []
    for await element in produce() { received.append(element) }
    #expect(received == [0, 1, 2, 3, 4])
  }

  // MARK: Elements end once

  @Test("when the last receiver goes, what is buffered ends, each element once")
  func bufferedAreDropped() async throws {
    let ends = Lock(0)
    let (sender, receiver) = makeChannel(of: CountsItsEnd.self, capacity: 8)
    for _ in 0..<8 { try await sender.send(CountsItsEnd(ends)) }
    let taken = try await receiver.receive()
    #expect(ends.withLock { $0 } == 0)
    receiver.close()
    #expect(ends.withLock { $0 } == 7)
    withExtendedLifetime(taken) {}
  }

  @Test("with both ends, what was never received ends too")
  func unreceivedEnd() async throws {
    let ends = Lock(0)
    do {
      let (sender, receiver) = makeChannel(of: CountsItsEnd.self, capacity: nil)
      for _ in 0..<5 { _ = try sender.trySend(CountsItsEnd(ends)) }
      withExtendedLifetime((sender, receiver)) {}
    }
    #expect(ends.withLock { $0 } == 5)
  }

  @Test("an element that ends in a closing channel may use that channel")
  func reentrantEnd() async throws {
    final class Closing: Sendable {
      let sender: Sender<Closing>
      init(_ sender: Sender<Closing>) { self.sender = sender }
      deinit { sender.close() }
    }
    let (sender, receiver) = makeChannel(of: Closing.self, capacity: 1)
    _ = try sender.trySend(Closing(sender))
    receiver.close()
    #expect(sender.statistics.openSenders == 0)
  }

  // MARK: As a sequence

  @Test("iterators compete, and each element comes once")
  func competingIterators() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 4)
    let sum = await withTaskGroup(of: (Int, Int).self) { group in
      for _ in 0..<3 {
        group.addTask {
          var (count, sum) = (0, 0)
          for await element in receiver { (count, sum) = (count + 1, sum + element) }
          return (count, sum)
        }
      }
      group.addTask {
        for element in 1...100 { try? await sender.send(element) }
        sender.close()
        return (0, 0)
      }
      return await group.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
    }
    #expect(sum == (100, 5050))
  }

  @Test("a sequence ends when its task is cancelled, and leaves the elements to others")
  func cancelledIterator() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: nil)
    let task = Task {
      for await _ in receiver {}
      return Task.isCancelled
    }
    try await eventually("it waits") { receiver.waiterCount == 1 }
    task.cancel()
    let isEnded = await task.value
    try await sender.send(1)
    let element = try receiver.tryReceive()
    #expect(isEnded && element == 1)
    let cancelled = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await sender.send(2)
      for await _ in receiver { Issue.record("a cancelled task took an element") }
    }
    try await cancelled.value
    #expect(receiver.count == 1)
  }

  @Test("a sequence ends when its receiver is closed")
  func closedIterator() async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 0)
    let task = Task { for await _ in receiver {} }
    try await eventually("it waits") { receiver.waiterCount == 1 }
    receiver.close()
    await task.value
    #expect(throws: SendError(.disconnected, 1)) { try sender.trySend(1) }
  }
}
