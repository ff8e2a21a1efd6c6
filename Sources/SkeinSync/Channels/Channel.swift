/// Makes a channel: elements that are sent at one end are received at the other, each once, in their order.
///
/// Both ends serve threads and tasks at once. A ``Sender`` or ``Receiver`` is a handle: copies share it, and
/// ``Sender/clone()`` opens a further one. When the last sender is closed or dropped, receivers get what is
/// buffered and then ``ReceiveError/disconnected``; when the last receiver is, senders get their elements back
/// with ``SendError/Reason/disconnected``, and what is buffered is dropped.
///
/// ```swift
/// let (sender, receiver) = makeChannel(of: Int.self, capacity: 64)
/// Task {
///   for number in 1...3 { try await sender.send(number) }
///   sender.close()
/// }
/// for await number in receiver { print(number) }
/// ```
///
/// - Parameters:
///   - type: what is sent.
///   - capacity: how many elements the channel holds that nobody has received yet. 0 holds none: a send waits
///     for its receive (rendezvous). `nil` is without limit: a send never waits, and only memory bounds what a
///     slow receiver leaves behind.
///   - name: what diagnosis calls the channel.
/// - Returns: one handle for each end.
/// - Precondition: `capacity` is not negative.
@inlinable
public func makeChannel<Element: Sendable>(
  of type: Element.Type = Element.self, capacity: Int?, name: String? = nil, file: StaticString = #fileID,
  line: UInt = #line
) -> (sender: Sender<Element>, receiver: Receiver<Element>) {
  let identity = ObjectIdentity("Channel", name: name, place: SourcePlace(file, line))
  let capacity = capacity ?? .max
  checkContract(capacity >= 0, "\(identity) can not have a capacity of \(capacity)")
  let point = ChannelPoint<Element>(
    ChannelState(capacity: capacity), identity: identity, description: describeChannel()
  ) { _, _ in
    // Whoever leaves the queue makes room for nobody: the others wait for the other side.
  }
  return (
    Sender(ChannelHandle(.send, of: point)), Receiver(ChannelHandle(.receive, of: point))
  )
}

@usableFromInline
func describeChannel<Element>() -> WaitDescription<ChannelState<Element>, ChannelRequest<Element>> {
  WaitDescription(
    state: { state in
      let limit = state.capacity == .max ? "" : " of \(state.capacity)"
      return
        "\(state.buffer.count)\(limit) buffered; \(state.senders) senders, \(state.receivers) receivers open"
    },
    purpose: { $0.side == .send ? "to send" : "to receive" })
}

/// A channel at one instant.
public struct ChannelStatistics: Hashable, Sendable {
  /// How many elements are in the channel, and nobody has received yet.
  public var bufferedCount: Int
  /// How many it holds at the most; `nil` means without limit.
  public var capacity: Int?
  /// How many threads and tasks wait to send.
  public var waitingSenders: Int
  /// How many threads and tasks wait to receive.
  public var waitingReceivers: Int
  /// How many handles are open that send.
  public var openSenders: Int
  /// How many handles are open that receive.
  public var openReceivers: Int
}

extension ChannelHandle {
  @usableFromInline
  var statistics: ChannelStatistics {
    point.withLock { guarded, _ in
      let state = guarded.state
      var waiting = (send: 0, receive: 0)
      var next = guarded.queue.first
      while let place = next {
        next = place.next
        guard place.waiter.outcome == nil else { continue }
        if place.request.side == .send { waiting.send += 1 } else { waiting.receive += 1 }
      }
      return ChannelStatistics(
        bufferedCount: state.buffer.count, capacity: state.capacity == .max ? nil : state.capacity,
        waitingSenders: waiting.send, waitingReceivers: waiting.receive, openSenders: state.senders,
        openReceivers: state.receivers)
    }
  }

  @usableFromInline
  var waiterCount: Int {
    let statistics = statistics
    return statistics.waitingSenders + statistics.waitingReceivers
  }

  @usableFromInline
  var count: Int { point.withLock { guarded, _ in guarded.state.buffer.count } }
}
