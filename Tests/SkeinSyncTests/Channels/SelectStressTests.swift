import SkeinSync
import SkeinTesting
import Testing

/// Three channels, an event that is set now and then, and a book of what went in and out.
private struct Market: Sendable {
  let channels = [0, 1, 2].map { makeChannel(of: Int.self, capacity: $0) }
  let event = Event()
  let sent = Lock<[Int]>([])
  let received = Lock<[Int]>([])

  /// What a select over everything does: two sends, three receives, the event and a time limit.
  @SelectBuilder<Void>
  func cases(_ element: Int, _ limit: Duration) -> some SelectCase<Void> {
    for channel in channels {
      channel.receiver.receiving { element in received.withLock { $0.append(element) } }
    }
    channels[element % 3].sender.sending(element) { sent.withLock { $0.append(element) } }
    channels[0].sender.sending(element) { sent.withLock { $0.append(element) } }
    event.waiting {}
    after(limit) {}
  }

  func plainStep(_ element: Int, _ generator: inout SeededGenerator) async {
    let channel = channels[Int.random(in: 0..<3, using: &generator)]
    let limit = Duration.microseconds(Int.random(in: 0...200, using: &generator))
    if Bool.random(using: &generator) {
      do { try await channel.sender.send(element, timeout: limit) } catch { return }
      sent.withLock { $0.append(element) }
    } else if let element = try? await channel.receiver.receive(timeout: limit) {
      received.withLock { $0.append(element) }
    }
  }

  func rest() throws -> [Int] {
    try channels.flatMap { channel in
      var rest: [Int] = []
      while let element = try channel.receiver.tryReceive() { rest.append(element) }
      return rest
    }
  }
}

@Suite("Select under stress")
struct SelectStressTests {
  @Test(
    "selects race with sends, receives, timeouts and cancellations, and elements are conserved",
    arguments: [41, 42, 43, 44] as [UInt64])
  func conservation(seed: UInt64) async throws {
    let market = Market()
    try await withThrowingTaskGroup { group in
      for index in 0..<6 {
        group.addTask {
          var generator = SeededGenerator(seed: seed &* 1000 &+ UInt64(index))
          for round in 0..<40 { await Self.step(market, index * 1000 + round, &generator) }
        }
      }
      for index in 6..<8 {
        group.addTask {
          var generator = SeededGenerator(seed: seed &* 2000 &+ UInt64(index))
          for round in 0..<40 { await market.plainStep(index * 1000 + round, &generator) }
        }
      }
      for index in 8..<10 {
        group.addTask {
          try await onThread {
            for round in 0..<40 {
              try select(round % 2 == 0 ? .fair : .biased) {
                market.cases(index * 1000 + round, .microseconds(round * 5))
              }
            }
          }
        }
      }
      group.addTask {
        for _ in 0..<20 {
          market.event.set()
          await Task.yield()
          market.event.reset()
          await Task.yield()
        }
      }
      try await group.waitForAll()
    }
    let rest = try market.rest()
    #expect(market.sent.withLock { $0.sorted() } == (market.received.withLock { $0 } + rest).sorted())
    #expect(market.channels.allSatisfy { $0.receiver.waiterCount == 0 } && market.event.waiterCount == 0)
  }

  private static func step(_ market: Market, _ element: Int, _ generator: inout SeededGenerator) async {
    let limit = Duration.microseconds(Int.random(in: 0...200, using: &generator))
    let order = SelectOrder.seeded(generator.next())
    let work = Task { try await select(order) { market.cases(element, limit) } }
    let isCancelled = Bool.random(using: &generator)
    for _ in 0..<Int.random(in: 0...4, using: &generator) { await Task.yield() }
    if isCancelled { work.cancel() }
    _ = await work.result
  }

  @Test("selects over the same channels in opposite orders do not block one another")
  func oppositeOrders() async throws {
    let channels = (0..<4).map { _ in makeChannel(of: Int.self, capacity: 0) }
    let total = try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<4 {
        let own = index % 2 == 0 ? channels : channels.reversed()
        group.addTask {
          for element in 0..<200 {
            try await select { for channel in own { channel.sender.sending(element) {} } }
          }
          return 0
        }
        group.addTask {
          try await onThread {
            try (0..<200).reduce(into: 0) { sum, _ in
              sum += try select { for channel in own.reversed() { channel.receiver.receiving { $0 } } }
            }
          }
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(total == 4 * (0..<200).reduce(0, +))
  }

  @Test("selects that send and receive at once on one channel meet in pairs", arguments: [true, false])
  func pairs(isThread: Bool) async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 0)
    // 1 for a send, -1 for a receive: what one does, the other does the other way.
    let other = Task {
      guard isThread else { return try await Self.meet(sender, receiver, rounds: 300) }
      return try await onThread {
        try (0..<300).reduce(into: 0) { sum, _ in
          sum += try select {
            sender.sending(1) { 1 }
            receiver.receiving { _ in -1 }
          }
        }
      }
    }
    let sum = try await Self.meet(sender, receiver, rounds: 300)
    let otherSum = try await other.value
    #expect(sum + otherSum == 0 && sender.waiterCount == 0)
  }

  private static func meet(_ sender: Sender<Int>, _ receiver: Receiver<Int>, rounds: Int) async throws -> Int
  {
    var sum = 0
    for _ in 0..<rounds {
      sum += try await select {
        sender.sending(1) { 1 }
        receiver.receiving { _ in -1 }
      }
    }
    return sum
  }
}
