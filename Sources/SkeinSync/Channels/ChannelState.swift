public import DequeModule

/// What a channel decides: pure, with the wait queue and the list of those to wake passed in.
///
/// | buffer | who waits | a send | a receive |
/// |---|---|---|---|
/// | has room | nobody | buffers | takes the oldest element, if there is one |
/// | empty | receivers | hands over to the first | waits |
/// | full | senders | waits | takes the oldest; the first sender's element moves up |
/// | none (capacity 0) | nobody | waits | waits |
///
/// Senders and receivers share one queue, for those of the other side never wait at the same time: whoever
/// came later would have been served. The exception is one waiter that waits to send and to receive, in a
/// `select`.
///
/// - Invariant: while a sender waits, the buffer is full; while a receiver waits, it is empty.
@usableFromInline
struct ChannelState<Element: Sendable>: Sendable {
  @usableFromInline typealias Queue = WaitQueue<ChannelRequest<Element>>

  @usableFromInline var buffer = Deque<Element>()
  /// `Int.max` means without limit.
  @usableFromInline let capacity: Int
  @usableFromInline var senders = 1
  @usableFromInline var receivers = 1

  @inlinable
  init(capacity: Int) { self.capacity = capacity }

  /// Sends, if that needs no wait.
  @inlinable
  mutating func send(_ element: Element, _ queue: inout Queue, _ wakes: inout WakeList) -> SendStep {
    guard receivers > 0 else { return .disconnected }
    if !queue.isEmpty, let place = queue.claimFirst(.receive, &wakes) {
      place.request.element = element
      return .sent
    }
    guard buffer.count < capacity else { return .full }
    buffer.append(element)
    return .sent
  }

  /// Receives, if that needs no wait.
  @inlinable
  mutating func receive(_ queue: inout Queue, _ wakes: inout WakeList) -> ReceiveStep<Element> {
    if let element = buffer.popFirst() {
      if !queue.isEmpty, let place = queue.claimFirst(.send, &wakes) {
        buffer.append(place.request.element.take()!)
      }
      return .received(element)
    }
    if !queue.isEmpty, let place = queue.claimFirst(.send, &wakes) {
      return .received(place.request.element.take()!)
    }
    return senders > 0 ? .empty : .disconnected
  }

  @inlinable
  mutating func count(_ change: Int, on side: ChannelSide) {
    if side == .send { senders += change } else { receivers += change }
  }

  /// Whether a side has no open handle any more.
  @inlinable
  func isGone(_ side: ChannelSide) -> Bool { (side == .send ? senders : receivers) == 0 }

  /// Gives up what is buffered; returns what holds it.
  @inlinable
  mutating func empty() -> ChannelState {
    defer { buffer = Deque() }
    return self
  }
}

/// What somebody wants who waits at a channel.
@usableFromInline
struct ChannelRequest<Element: Sendable>: Sendable {
  @usableFromInline let side: ChannelSide
  /// What is to be sent, until it is taken; or what was handed over.
  @usableFromInline var element: Element?
  /// The handle through which it waits.
  @usableFromInline let handle: ObjectIdentifier
  /// Whether the wait has ended because of that handle.
  @usableFromInline var isClosedHere = false

  @inlinable
  init(_ side: ChannelSide, _ element: Element?, handle: ObjectIdentifier) {
    self.side = side
    self.element = element
    self.handle = handle
  }
}

@usableFromInline
enum ChannelSide: Sendable {
  case send, receive
}

@usableFromInline
enum SendStep: Sendable {
  case sent, full, closed, disconnected
}

@usableFromInline
enum ReceiveStep<Element: Sendable>: Sendable {
  case received(Element)
  case empty, closed, disconnected
}

extension WaitQueue {
  /// Takes out and claims the first who waits on one side of a channel.
  ///
  /// Beside one who waits on the other side there is nobody to be claimed, unless it is the same waiter at
  /// another place.
  @inlinable
  mutating func claimFirst<Element>(_ side: ChannelSide, _ wakes: inout WakeList) -> Place?
  where Request == ChannelRequest<Element> {
    var next = first
    var other: Waiter?
    while let place = next {
      next = place.next
      if place.request.side == side {
        _ = remove(place)
        guard place.claim(.granted) else { continue }
        wakes.append(place.waiter)
        return place
      }
      if place.waiter.outcome != nil {
        _ = remove(place)
      } else if let other, other !== place.waiter {
        return nil
      } else {
        guard place.isShared else { return nil }
        other = place.waiter
      }
    }
    return nil
  }
}

extension WaitQueue.Place {
  /// Whether the waiter stands in several queues at once.
  @inlinable
  var isShared: Bool { shared != nil }
}
