public import CSkein
public import Synchronization

/// The wait point of a channel.
@usableFromInline
typealias ChannelPoint<Element: Sendable> = WaitPoint<ChannelState<Element>, ChannelRequest<Element>>

/// One open end of a channel: what the copies of a ``Sender`` or ``Receiver`` share.
@usableFromInline
final class ChannelHandle<Element: Sendable>: Sendable {
  @usableFromInline typealias Place = ChannelPoint<Element>.Place

  @usableFromInline let point: ChannelPoint<Element>
  @usableFromInline let side: ChannelSide
  @usableFromInline let isRendezvous: Bool
  /// Changed under the channel's lock. An atomic because reading a variable of a class costs the fast path a
  /// call of the runtime, which looks for overlapping accesses.
  @usableFromInline let closedFlag = Atomic(false)

  /// Wraps an end that `point` counts already.
  @inlinable
  init(_ side: ChannelSide, of point: ChannelPoint<Element>) {
    self.point = point
    self.side = side
    isRendezvous = point.withLock { guarded, _ in guarded.state.capacity == 0 }
  }

  deinit { close() }

  @inlinable var isClosed: Bool { closedFlag.load(ordering: .relaxed) }

  // MARK: Without a wait

  @inlinable
  func trySend(_ element: Element) -> SendStep {
    let step = point.withLock { guarded, wakes in
      isClosed ? .closed : guarded.state.send(element, &guarded.queue, &wakes)
    }
    if skein_observed() != 0, step == .sent { noteUse() }
    return step
  }

  @inlinable
  func tryReceive() -> ReceiveStep<Element> {
    let step = point.withLock { guarded, wakes in
      isClosed ? .closed : guarded.state.receive(&guarded.queue, &wakes)
    }
    if skein_observed() != 0, case .received = step { noteUse() }
    return step
  }

  /// Tries to send until it is time to sleep: while nobody has entered the line of those who wait, nobody is
  /// overtaken. At a rendezvous somebody has to wait first, so that there is nothing to be tried again.
  @inlinable
  func trySendSoon(_ element: Element) -> SendStep {
    var backoff = Backoff()
    while true {
      let step = trySend(element)
      guard step == .full, !isRendezvous, backoff.pause() else { return step }
    }
  }

  /// Tries to receive until it is time to sleep.
  @inlinable
  func tryReceiveSoon() -> ReceiveStep<Element> {
    var backoff = Backoff()
    while true {
      let step = tryReceive()
      guard case .empty = step, !isRendezvous, backoff.pause() else { return step }
    }
  }

  /// Tells diagnosis that an element went in or came out here.
  @usableFromInline
  func noteUse() {
    SyncObservation.observer(of: .uses)?.didUse(point.id, as: side == .send ? .put : .got)
  }

  // MARK: Opening and closing

  /// Another handle on the same side; closed from the start if this one is.
  @inlinable
  func clone() -> ChannelHandle {
    let clone = ChannelHandle(side, of: point)
    point.withLock { guarded, _ in
      if isClosed {
        clone.closedFlag.store(true, ordering: .relaxed)
      } else {
        guarded.state.count(1, on: side)
      }
    }
    return clone
  }

  /// Closes this handle, once, and ends what can not go on any more: waits through this handle, and, when it
  /// was the last one on its side, the waits on the other.
  @inlinable
  func close() {
    let dropped = point.withLock { guarded, wakes -> ChannelState<Element>? in
      guard !isClosed else { return nil }
      closedFlag.store(true, ordering: .relaxed)
      guarded.state.count(-1, on: side)
      guarded.queue.closeWaits(through: ObjectIdentifier(self), &wakes)
      guard guarded.state.isGone(side) else { return nil }
      guarded.queue.claimAll(as: .closed, where: { $0.side != side }, &wakes)
      // What nobody will receive is let go, after the lock: it may run code of its own.
      return side == .receive ? guarded.state.empty() : nil
    }
    withExtendedLifetime(dropped) {}
  }
}

extension WaitQueue {
  /// Ends the waits through a handle that was closed.
  @inlinable
  mutating func closeWaits<Element>(through handle: ObjectIdentifier, _ wakes: inout WakeList)
  where Request == ChannelRequest<Element> {
    var next = first
    while let place = next {
      next = place.next
      guard place.request.handle == handle, remove(place), place.claim(.closed) else { continue }
      place.request.isClosedHere = true
      wakes.append(place.waiter)
    }
  }
}
