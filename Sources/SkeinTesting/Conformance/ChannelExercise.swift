internal import SkeinSync

/// Puts an implementation of a channel through what every channel must do: order, capacity, waits that end by
/// the other side, a cancellation or a close, and no element lost or received twice.
///
/// - Parameters:
///   - forms: the forms of waiting that the channel has. With both, tasks and threads wait for each other.
///   - allowsRendezvous: whether there are channels of capacity 0, on which a send waits for its receive.
///   - limit: how much real time each rule may take; generous, for it is reached only when the channel is
///     wrong.
///   - only: the one rule to check, in the words of ``ConformanceFailure/rule``; `nil` for all.
///   - makeChannel: makes an empty channel; with no capacity, an unbounded one.
/// - Throws: ``ConformanceFailure`` for the first rule that is broken; `CancellationError`.
/// - Source: the common tests of crossbeam's channels.
public func exerciseChannel(
  forms: [WaitingForm] = WaitingForm.allCases, allowsRendezvous: Bool = false, limit: Duration = .seconds(60),
  only: String? = nil,
  _ makeChannel: @escaping @Sendable (_ capacity: Int?) throws -> ChannelAdaptor
) async throws {
  let exercise = ChannelExercise(
    forms: forms, allowsRendezvous: allowsRendezvous, makeChannel: makeChannel)
  try await checkRules(of: "the channel", exercise.rules, limit: limit, only: only)
}

private struct ChannelExercise: Sendable {
  let forms: [WaitingForm]
  let allowsRendezvous: Bool
  let makeChannel: @Sendable (Int?) throws -> ChannelAdaptor

  var rules: [Rule] {
    var rules = [
      Rule("elements are received in the order in which they were sent", order),
      Rule("it holds as many as its capacity", capacity),
      Rule("a receive waits for a send", receiveWaits),
      Rule("a send waits for room", sendWaits),
    ]
    if allowsRendezvous {
      rules += [
        Rule("with capacity 0, a send waits for its receive", rendezvous)
      ]
    }
    if forms.contains(.task) {
      rules += [
        Rule("a cancelled wait ends without an element moved", cancellation)
      ]
    }
    rules += [
      Rule("those who receive are served first in, first out", receiversInOrder),
      Rule("those who send are served first in, first out", sendersInOrder),
      Rule("a close wakes all who wait", closeWakes),
      Rule("what was sent before a close is received after it", closeKeeps),
      Rule("many senders and receivers exchange each element once", manyToMany),
    ]
    return rules
  }

  /// Forms of one who waits and one who acts.
  var pairs: [(WaitingForm, WaitingForm)] { forms.flatMap { first in forms.map { (first, $0) } } }

  @Sendable func order() async throws {
    for form in forms {
      let channel = try makeChannel(nil)
      try require(channel.tryReceive() == nil, "an empty channel gave an element")
      for element in 0..<4 {
        try await channel.send(2 * element, as: form)
        try require(channel.trySend(2 * element + 1), "an unbounded channel is full")
      }
      var got: [Int?] = []
      for _ in 0..<4 { got += [try await channel.receive(as: form), channel.tryReceive()] }
      try require(got == Array(0..<8), "0 to 7 were received as \(got)")
    }
  }

  @Sendable func capacity() async throws {
    let channel = try makeChannel(3)
    for element in 0..<3 { try require(channel.trySend(element), "there was no room for element \(element)") }
    try require(!channel.trySend(3), "a full channel took one more element")
    try require(channel.tryReceive() == 0, "the first element is not 0")
    try require(channel.trySend(4), "a receive made no room")
  }

  @Sendable func receiveWaits() async throws {
    for (receiver, sender) in pairs {
      let channel = try makeChannel(1)
      let waiting = try await channel.startReceiving(as: receiver)
      try await channel.send(7, as: sender)
      try require(try await waiting.value == 7, "a \(receiver) received something else from a \(sender)")
      try require(channel.tryReceive() == nil, "the element is there twice")
    }
  }

  @Sendable func sendWaits() async throws {
    for (sender, receiver) in pairs {
      let channel = try makeChannel(1)
      try await channel.send(1, as: sender)
      let waiting = try await channel.startSending(2, as: sender)
      let first = try await channel.receive(as: receiver)
      try await waiting.value
      let second = try await channel.receive(as: receiver)
      try require([first, second] == [1, 2], "1 and 2 were received as \([first, second])")
    }
  }

  @Sendable func rendezvous() async throws {
    for (sender, receiver) in pairs {
      let channel = try makeChannel(0)
      try require(!channel.trySend(1), "a try sent an element to nobody")
      let waiting = try await channel.startSending(7, as: sender)
      let got = try await channel.receive(as: receiver)
      try await waiting.value
      try require(got == 7, "7 was received as \(got as Any)")
    }
  }

  @Sendable func cancellation() async throws {
    let channel = try makeChannel(1)
    let receiving = try await channel.startReceiving(as: .task)
    receiving.cancel()
    try await require("a cancelled receive should have failed", throws: isCancelled) {
      try await receiving.value
    }
    try require(channel.trySend(1) && !channel.trySend(2), "a cancelled receive took an element")
    let sending = try await channel.startSending(3, as: .task)
    sending.cancel()
    try await require("a cancelled send should have failed", throws: isCancelled) { try await sending.value }
    try require(channel.tryReceive() == 1 && channel.tryReceive() == nil, "a cancelled send left its element")
  }

  @Sendable func receiversInOrder() async throws {
    let channel = try makeChannel(nil)
    try await requireServedInOrder(forms, channel.waiterCount, offer: channel.trySend) { form in
      try await channel.receive(as: form)
    }
  }

  @Sendable func sendersInOrder() async throws {
    let channel = try makeChannel(1)
    try require(channel.trySend(-1), "an empty channel is full")
    var senders: [Task<Void, any Error>] = []
    for index in 0..<6 { senders.append(try await channel.startSending(index, as: forms.form(index))) }
    var got: [Int?] = []
    for _ in 0...6 { got.append(try await channel.receive(as: forms[0])) }
    for sender in senders { try await sender.value }
    try require(got == Array(-1..<6), "those who waited sent their elements as \(got)")
  }

  @Sendable func closeWakes() async throws {
    let (empty, full) = (try makeChannel(1), try makeChannel(1))
    try require(full.trySend(0), "an empty channel is full")
    var receivers: [Task<Int?, any Error>] = []
    var senders: [Task<Void, any Error>] = []
    for form in forms + forms {
      receivers.append(try await empty.startReceiving(as: form))
      senders.append(try await full.startSending(1, as: form))
    }
    empty.close()
    full.close()
    for receiver in receivers {
      try require(try await receiver.value == nil, "a receive of nothing got something")
    }
    for sender in senders {
      try await require("a send that waited", throws: isClosed) { try await sender.value }
    }
  }

  @Sendable func closeKeeps() async throws {
    for form in forms {
      let channel = try makeChannel(nil)
      for element in 0..<3 { try await channel.send(element, as: form) }
      channel.close()
      try await require("a send after close", throws: isClosed) { try await channel.send(9, as: form) }
      try require(!channel.trySend(9), "a try sent an element after close")
      var got: [Int?] = []
      for _ in 0..<4 { got.append(try await channel.receive(as: form)) }
      try require(got == [0, 1, 2, nil], "0, 1, 2 and the end were received as \(got)")
    }
  }

  @Sendable func manyToMany() async throws {
    let (channel, all) = (try makeChannel(2), Lock<[Int]>([]))
    async let receiving: Void = runInTasks(4) { [forms] index in
      while let element = try await channel.receive(as: forms.form(index)) {
        all.withLock { $0.append(element) }
      }
    }
    try await runInTasks(4) { [forms] index in
      for element in index * 50..<(index + 1) * 50 { try await channel.send(element, as: forms.form(index)) }
    }
    channel.close()
    try await receiving
    try requireEachOnce(all.withLock { $0 }, count: 200)
  }
}
