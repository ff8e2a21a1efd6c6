import SkeinSync
import SkeinTesting
import Testing

private struct Refused: Error, Equatable {}

@Suite("Select")
struct SelectTests {
  private typealias Channel = (sender: Sender<Int>, receiver: Receiver<Int>)

  private func makeChannels(_ count: Int, capacity: Int? = 1) -> [Channel] {
    (0..<count).map { _ in makeChannel(of: Int.self, capacity: capacity) }
  }

  // MARK: The ready case

  @Test("it takes the case that is ready, and the others have no effect")
  func ready() async throws {
    let (full, empty, open) = (makeChannels(1)[0], makeChannels(1)[0], makeChannels(1)[0])
    try await full.sender.send(1)
    let event = Event()
    let chosen = try await select {
      full.sender.sending(2) { "sent to the full one" }
      empty.receiver.receiving { "received \($0)" }
      event.waiting { "event" }
      open.sender.sending(3) { "sent" }
    }
    #expect(chosen == "sent")
    #expect(full.sender.count == 1 && open.sender.count == 1)
    #expect(empty.receiver.waiterCount == 0 && event.waiterCount == 0)
  }

  @Test("each case can be the one: receiving, sending, an event, a timer", arguments: 0..<4)
  func kinds(kind: Int) async throws {
    let (receiving, sending) = (makeChannels(1)[0], makeChannels(1, capacity: 0)[0])
    let (event, clock) = (Event(), ManualClock())
    let task = Task {
      try await select {
        receiving.receiver.receiving { "received \($0)" }
        sending.sender.sending(2) { "sent" }
        event.waiting { "event" }
        after(.seconds(1), clock: clock) { "time" }
      }
    }
    try await clock.waitUntilScheduled()
    switch kind {
    case 0: try await receiving.sender.send(1)
    case 1:
      let element = try await sending.receiver.receive()
      #expect(element == 2)
    case 2: event.set()
    default: clock.advance(by: .seconds(1))
    }
    let chosen = try await task.value
    #expect(chosen == ["received 1", "sent", "event", "time"][kind])
    #expect(receiving.receiver.waiterCount == 0 && sending.sender.waiterCount == 0)
    #expect(event.waiterCount == 0 && clock.scheduledCount == 0)
    #expect(receiving.sender.count == 0)
  }

  @Test("a thread selects as a task does", arguments: 0..<4)
  func blocking(kind: Int) async throws {
    let (receiving, sending) = (makeChannels(1)[0], makeChannels(1, capacity: 0)[0])
    let (event, clock) = (Event(), ManualClock())
    let thread = Task {
      try await onThread {
        try select {
          receiving.receiver.receiving { "received \($0)" }
          sending.sender.sending(2) { "sent" }
          event.waiting { "event" }
          at(ManualClock.Instant(offset: .seconds(1)), clock: clock) { "time" }
        }
      }
    }
    try await clock.waitUntilScheduled()
    switch kind {
    case 0: try await receiving.sender.send(1)
    case 1: _ = try await sending.receiver.receive()
    case 2: event.set()
    default: clock.advance(by: .seconds(1))
    }
    let chosen = try await thread.value
    #expect(chosen == ["received 1", "sent", "event", "time"][kind])
    #expect(receiving.receiver.waiterCount == 0 && sending.sender.waiterCount == 0)
    #expect(event.waiterCount == 0 && clock.scheduledCount == 0)
  }

  @Test("a case may be left out by an if, and cases may come from a loop")
  func builder() async throws {
    let channels = makeChannels(3)
    try await channels[2].sender.send(5)
    let isLeftOut = true
    let chosen = try await select {
      if !isLeftOut { channels[0].sender.sending(1) { -1 } }
      for (index, channel) in channels.enumerated() {
        channel.receiver.receiving { 10 * index + $0 }
      }
    }
    #expect(chosen == 25 && channels[0].sender.count == 0)
  }

  @Test("an error of a closure is thrown, and the case has happened")
  func throwing() async throws {
    let channel = makeChannels(1)[0]
    try await channel.sender.send(1)
    await #expect(throws: Refused.self) {
      try await select { channel.receiver.receiving { _ in throw Refused() } }
    }
    #expect(channel.receiver.count == 0)
  }

  @Test("a select without cases traps: it would wait for ever")
  func empty() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let isWanted = false
      _ = try trySelect { if isWanted { after(.zero) { 1 } } }
    }
    let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(message.contains("a select without cases would wait for ever"))
  }

  // MARK: Not waiting

  @Test("trySelect takes what is ready, and is nil when nothing is")
  func nonBlocking() async throws {
    let channels = makeChannels(2)
    func tryOnce() throws -> Int? {
      try trySelect {
        for channel in channels { channel.receiver.receiving { $0 } }
      }
    }
    let none = try tryOnce()
    try await channels[1].sender.send(4)
    let (some, noneAgain) = (try tryOnce(), try tryOnce())
    #expect(none == nil && some == 4 && noneAgain == nil)
    let late = try trySelect {
      channels[0].receiver.receiving { $0 }
      after(.zero) { -1 }
    }
    #expect(late == -1)
  }

  @Test("the rounds of a loop may have several cases, or none")
  func unevenRounds() throws {
    let channels = makeChannels(6)
    for ready in channels.indices where ready != 2 {
      try #require(try channels[ready].sender.trySend(ready))
      let taken: Int? = try trySelect {
        for index in [0, 2, 4] {
          if index != 2 { channels[index].receiver.receiving { $0 } }
          channels[index + 1].receiver.receiving { $0 }
        }
      }
      #expect(taken == ready)
    }
  }

  // MARK: Order

  @Test("a biased select takes the first that is ready")
  func biased() async throws {
    let channels = makeChannels(4, capacity: nil)
    for channel in channels { for element in 0..<3 { try await channel.sender.send(element) } }
    var taken: [Int] = []
    for _ in 0..<12 {
      let index = try await select(.biased) {
        for (index, channel) in channels.enumerated() { channel.receiver.receiving { _ in index } }
      }
      taken.append(index)
    }
    #expect(taken == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
  }

  @Test("a fair select takes each of the ready cases equally often")
  func fair() throws {
    let channels = makeChannels(5, capacity: nil)
    // The last one is never ready, and takes nothing from the others.
    for channel in channels.dropLast() { for element in 0..<4000 { _ = try channel.sender.trySend(element) } }
    var counts = [Int](repeating: 0, count: 5)
    for seed in 0..<4000 as Range<UInt64> {
      let index = try trySelect(.seeded(seed)) {
        for (index, channel) in channels.enumerated() { channel.receiver.receiving { _ in index } }
      }
      counts[try #require(index)] += 1
    }
    #expect(counts[4] == 0)
    // 1000 each; the standard deviation is 27.
    #expect(counts.dropLast().allSatisfy { abs($0 - 1000) < 140 }, "\(counts)")
  }

  @Test("without a seed it is fair too")
  func fairWithoutSeed() throws {
    let channels = makeChannels(2, capacity: nil)
    for channel in channels { for element in 0..<2000 { _ = try channel.sender.trySend(element) } }
    var count = 0
    for _ in 0..<2000 {
      count += try trySelect {
        channels[0].receiver.receiving { _ in 0 }
        channels[1].receiver.receiving { _ in 1 }
      }!
    }
    #expect(abs(count - 1000) < 200)
  }

  @Test("the same seed takes the same cases")
  func seeded() throws {
    func run() throws -> [Int?] {
      let channels = makeChannels(4, capacity: nil)
      for channel in channels { for element in 0..<50 { _ = try channel.sender.trySend(element) } }
      return try (0..<50 as Range<UInt64>).map { seed in
        try trySelect(.seeded(seed)) {
          for (index, channel) in channels.enumerated() { channel.receiver.receiving { _ in index } }
        }
      }
    }
    let (first, second) = (try run(), try run())
    #expect(first == second)
  }

  @Test("a waiting select stands in line with the others")
  func inLine() async throws {
    let (channel, other) = (makeChannels(1, capacity: 0)[0], makeChannels(1)[0])
    let first = Task { try await channel.receiver.receive() }
    try await eventually("a receiver waits") { channel.receiver.waiterCount == 1 }
    let second = Task {
      try await select {
        channel.receiver.receiving { $0 }
        other.receiver.receiving { $0 }
      }
    }
    try await eventually("the select waits") { channel.receiver.waiterCount == 2 }
    let third = Task { try await channel.receiver.receive() }
    try await eventually("a receiver waits") { channel.receiver.waiterCount == 3 }
    for element in 1...3 { try await channel.sender.send(element) }
    let got = [try await first.value, try await second.value, try await third.value]
    #expect(got == [1, 2, 3] && other.receiver.waiterCount == 0)
  }

  // MARK: One channel on both sides

  @Test("a select that sends to and receives from one channel does not serve itself", arguments: [0, 1])
  func selfMatch(capacity: Int) async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 0)
    func both() async throws -> String {
      try await select {
        sender.sending(1) { "sent" }
        receiver.receiving { "received \($0)" }
      }
    }
    let none = try trySelect {
      sender.sending(1) { "sent" }
      receiver.receiving { "received \($0)" }
    }
    #expect(none == nil)
    let first = Task { try await both() }
    try await eventually("it waits on both sides") { sender.waiterCount == 2 }
    // Another one like it serves it, and is served.
    let second = try await both()
    let pair = [try await first.value, second]
    #expect(pair.sorted() == ["received 1", "sent"] && sender.waiterCount == 0)
  }

  @Test("who comes beside a select on both sides is served by it", arguments: [true, false])
  func bothSides(isSending: Bool) async throws {
    let (sender, receiver) = makeChannel(of: Int.self, capacity: 0)
    let selecting = Task {
      try await select {
        sender.sending(1) { "sent" }
        receiver.receiving { "received \($0)" }
      }
    }
    try await eventually("it waits on both sides") { sender.waiterCount == 2 }
    if isSending {
      let isSent = try sender.trySend(5)
      let chosen = try await selecting.value
      #expect(isSent && chosen == "received 5")
    } else {
      let element = try receiver.tryReceive()
      let chosen = try await selecting.value
      #expect(element == 1 && chosen == "sent")
    }
    #expect(sender.waiterCount == 0)
  }

  @Test("one channel may stand in several cases")
  func twice() async throws {
    let channel = makeChannels(1)[0]
    let task = Task {
      try await select {
        channel.receiver.receiving { $0 }
        channel.receiver.receiving { $0 }
      }
    }
    try await eventually("it waits twice") { channel.receiver.waiterCount == 2 }
    try await channel.sender.send(8)
    let element = try await task.value
    #expect(element == 8 && channel.receiver.waiterCount == 0)
  }

  // MARK: Ends

  @Test("a channel at its end is ready: its error is thrown, or handled by the case")
  func disconnected() async throws {
    let (ended, open) = (makeChannels(1)[0], makeChannels(1)[0])
    ended.sender.close()
    await #expect(throws: ReceiveError.disconnected) {
      try await select {
        ended.receiver.receiving { $0 }
        open.receiver.receiving { $0 }
      }
    }
    let handled = try await select {
      ended.receiver.receiving {
        "\($0)"
      } otherwise: {
        "ended: \($0 == .disconnected)"
      }
      open.receiver.receiving { "\($0)" }
    }
    #expect(handled == "ended: true")
    open.receiver.close()
    let handedBack = try await select {
      open.sender.sending(7) {
        0
      } otherwise: {
        $0.element
      }
    }
    #expect(handedBack == 7)
    open.sender.close()
    await #expect(throws: SendError(.closed, 8)) {
      try await select { open.sender.sending(8) { 0 } }
    }
  }

  @Test("a channel that ends while a select waits wakes it", arguments: [true, false])
  func endsInWait(isClosedHere: Bool) async throws {
    let (ending, open) = (makeChannels(1)[0], makeChannels(1)[0])
    let task = Task {
      try await select {
        open.receiver.receiving { $0 }
        ending.receiver.receiving { $0 }
      }
    }
    try await eventually("it waits") { ending.receiver.waiterCount == 1 && open.receiver.waiterCount == 1 }
    if isClosedHere { ending.receiver.close() } else { ending.sender.close() }
    await #expect(throws: isClosedHere ? ReceiveError.closed : .disconnected) { try await task.value }
    #expect(open.receiver.waiterCount == 0)
  }

  @Test("a closed event ends the select")
  func closedEvent() async throws {
    let (event, channel) = (Event(), makeChannels(1)[0])
    let task = Task {
      try await select {
        event.waiting { 0 }
        channel.receiver.receiving { $0 }
      }
    }
    try await eventually("it waits") { event.waiterCount == 1 }
    event.close()
    await #expect(throws: WaitError.closed) { try await task.value }
    await #expect(throws: WaitError.closed) { try await select { event.waiting { 0 } } }
    #expect(channel.receiver.waiterCount == 0)
  }

  // MARK: Cancellation

  @Test("a cancelled select leaves all queues, and takes nothing")
  func cancelled() async throws {
    let (full, empty, event, clock) = (makeChannels(1)[0], makeChannels(1)[0], Event(), ManualClock())
    try await full.sender.send(1)
    let task = Task {
      try await select {
        full.sender.sending(2) { 0 }
        empty.receiver.receiving { $0 }
        event.waiting { 0 }
        after(.seconds(1), clock: clock) { 0 }
      }
    }
    try await clock.waitUntilScheduled()
    task.cancel()
    await #expect(throws: WaitError.cancelled) { try await task.value }
    #expect(full.sender.waiterCount == 0 && empty.receiver.waiterCount == 0 && event.waiterCount == 0)
    #expect(clock.scheduledCount == 0 && full.sender.count == 1)
  }

  @Test("a task that is cancelled already takes what is ready, and does not wait")
  func cancelledBefore() async throws {
    let channel = makeChannels(1)[0]
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await channel.sender.send(3)
      let element = try await select { channel.receiver.receiving { $0 } }
      #expect(element == 3)
      await #expect(throws: WaitError.cancelled) {
        try await select { channel.receiver.receiving { $0 } }
      }
    }
    try await task.value
    #expect(channel.receiver.waiterCount == 0)
  }
}
