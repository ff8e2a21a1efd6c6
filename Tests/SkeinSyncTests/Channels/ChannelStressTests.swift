import SkeinSync
import SkeinTesting
import Testing

/// What each side of a channel is.
enum ChannelParties: CaseIterable, Sendable {
  case tasks, threads, mixed

  func isThread(_ index: Int) -> Bool {
    switch self {
    case .tasks: false
    case .threads: true
    case .mixed: index % 2 == 0
    }
  }
}

@Suite("Channel under stress")
struct ChannelStressTests {
  private static let shapes = [(1, 1), (4, 1), (1, 4), (3, 3)]
  private static let capacities: [Int?] = [0, 1, 3, 64, nil]

  @Test("every element arrives once, each sender's in order", arguments: ChannelParties.allCases, shapes)
  func delivery(parties: ChannelParties, shape: (senders: Int, receivers: Int)) async throws {
    for capacity in Self.capacities {
      let received = try await exchange(parties, shape.senders, shape.receivers, capacity, count: 120)
      for of in 0..<shape.senders {
        let own = received.map { $0.filter { $0 / 1000 == of } }
        #expect(own.allSatisfy { $0 == $0.sorted() }, "capacity \(String(describing: capacity))")
        #expect(own.flatMap { $0 }.sorted() == (0..<120).map { of * 1000 + $0 })
      }
    }
  }

  /// Sends `count` elements from each sender; returns what each receiver got.
  private func exchange(
    _ parties: ChannelParties, _ senders: Int, _ receivers: Int, _ capacity: Int?, count: Int
  ) async throws -> [[Int]] {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: capacity)
    return try await withThrowingTaskGroup { group in
      for index in 0..<senders {
        let own = sender.clone()
        group.addTask {
          if parties.isThread(index) {
            try await onThread { for number in 0..<count { try own.send(index * 1000 + number) } }
          } else {
            for number in 0..<count { try await own.send(index * 1000 + number) }
          }
          own.close()
          return [Int]()
        }
      }
      sender.close()
      for index in 0..<receivers {
        group.addTask {
          var received: [Int] = []
          guard parties.isThread(index + 1) else {
            for await element in receiver { received.append(element) }
            return received
          }
          return try await onThread {
            var received: [Int] = []
            while let element = try? receiver.receive() { received.append(element) }
            return received
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  @Test(
    "sends and receives race with timeouts and cancellations, and elements are conserved",
    arguments: [0, 1, 3], [21, 22, 23] as [UInt64])
  func conservation(capacity: Int, seed: UInt64) async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: capacity)
    let ledger = Lock((sent: [Int](), received: [Int]()))
    try await withThrowingTaskGroup { group in
      for index in 0..<8 {
        group.addTask {
          var generator = SeededGenerator(seed: seed &* 1000 &+ UInt64(index))
          for round in 0..<40 {
            await Self.step(sender, receiver, ledger, index * 1000 + round, &generator)
          }
        }
      }
      for index in 8..<10 {
        group.addTask {
          try await onThread {
            var generator = SeededGenerator(seed: seed &* 2000 &+ UInt64(index))
            for round in 0..<40 {
              Self.blockingStep(sender, receiver, ledger, index * 1000 + round, &generator)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    var rest: [Int] = []
    while let element = try receiver.tryReceive() { rest.append(element) }
    let (sent, received) = ledger.withLock { $0 }
    #expect(sent.sorted() == (received + rest).sorted(), "seed \(seed)")
    #expect(receiver.waiterCount == 0 && rest.count <= capacity, "seed \(seed)")
  }

  private typealias Ledger = Lock<(sent: [Int], received: [Int])>

  private static func step(
    _ sender: Sender<Int>, _ receiver: Receiver<Int>, _ ledger: Ledger, _ element: Int,
    _ generator: inout SeededGenerator
  ) async {
    let timeout = Duration.microseconds(Int.random(in: 0...150, using: &generator))
    let isCancelled = Bool.random(using: &generator)
    let isSending = Bool.random(using: &generator)
    let work = Task {
      if isSending {
        if isCancelled {
          try await sender.send(element)
        } else {
          try await sender.send(element, timeout: timeout)
        }
        ledger.withLock { $0.sent.append(element) }
      } else {
        let element =
          isCancelled ? try await receiver.receive() : try await receiver.receive(timeout: timeout)
        ledger.withLock { $0.received.append(element) }
      }
    }
    for _ in 0..<Int.random(in: 0...4, using: &generator) { await Task.yield() }
    if isCancelled { work.cancel() }
    _ = await work.result
  }

  private static func blockingStep(
    _ sender: Sender<Int>, _ receiver: Receiver<Int>, _ ledger: Ledger, _ element: Int,
    _ generator: inout SeededGenerator
  ) {
    let timeout = Duration.microseconds(Int.random(in: 0...150, using: &generator))
    if Bool.random(using: &generator) {
      do { try sender.send(element, timeout: timeout) } catch { return }
      ledger.withLock { $0.sent.append(element) }
    } else if let element = try? receiver.receive(timeout: timeout) {
      ledger.withLock { $0.received.append(element) }
    }
  }

  @Test(
    "handles come and go while others wait, and each element ends once", arguments: [31, 32, 33] as [UInt64])
  func drops(seed: UInt64) async throws {
    let (ends, made) = (Lock(0), Lock(0))
    do {
      let (sender, receiver) = makeChannel(of: CountsItsEnd.self, capacity: 2)
      try await withThrowingTaskGroup { group in
        for index in 0..<6 {
          let (ownSender, ownReceiver) = (sender.clone(), receiver.clone())
          group.addTask {
            var generator = SeededGenerator(seed: seed &* 1000 &+ UInt64(index))
            for _ in 0..<Int.random(in: 10...40, using: &generator) {
              made.withLock { $0 += 1 }
              try? await ownSender.send(CountsItsEnd(ends), timeout: .microseconds(100))
              _ = try? await ownReceiver.receive(timeout: .microseconds(100))
            }
            if index % 2 == 0 { ownSender.close() }
          }
        }
        sender.close()
        receiver.close()
        try await group.waitForAll()
      }
    }
    #expect(ends.withLock { $0 } == made.withLock { $0 }, "seed \(seed)")
  }

  @Test("a close at any moment of an exchange loses no element", arguments: 0..<40)
  func closeRaces(delay: Int) async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: delay % 3)
    let sending = Task {
      var sent = 0
      while (try? await sender.send(sent)) != nil { sent += 1 }
      return sent
    }
    let receiving = Task {
      var received = 0
      for await _ in receiver { received += 1 }
      return received
    }
    for _ in 0..<delay { await Task.yield() }
    sender.close()
    let (sent, received) = (await sending.value, await receiving.value)
    #expect(sent == received)
  }
}
