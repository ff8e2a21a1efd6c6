// Who is served when: pure, under the queue's lock.

extension QueueState {
  /// Grants a newcomer's request if nobody precedes it, or marks it as refused.
  @inlinable
  static func admit(_ guarded: inout Guarded, _ request: inout QueueRequest<Order.Element>) -> Bool {
    if guarded.state.refuses(request.kind) {
      request.isRefused = true
      return true
    }
    // Only waiters of its own kind precede a newcomer: others wait for the opposite.
    let isFirst = guarded.queue.isEmpty || !isPreceded(request.kind, in: guarded)
    guard isFirst, guarded.state.grants(request.kind) else {
      if let first = guarded.queue.first, first.request.kind != request.kind { guarded.state.isMixed = true }
      return false
    }
    guarded.state.perform(&request)
    return true
  }

  @inlinable
  static func isPreceded(_ kind: QueueRequest<Order.Element>.Kind, in guarded: borrowing Guarded) -> Bool {
    guarded.queue.first { $0.kind == kind } != nil
  }

  /// Serves, from the front, whoever can be served now.
  @inlinable
  static func settle(_ guarded: inout Guarded, _ wakes: inout WakeList) {
    while let first = guarded.queue.first, serve(first, &guarded, &wakes) {}
    if guarded.state.isMixed || guarded.state.phase != .open { settleMixed(&guarded, &wakes) }
  }

  /// Looks at every waiter, in order, until nobody can be served any more.
  @usableFromInline
  static func settleMixed(_ guarded: inout Guarded, _ wakes: inout WakeList) {
    var hasServed = true
    while hasServed {
      hasServed = false
      var next = guarded.queue.first
      while let place = next {
        next = place.next
        if serve(place, &guarded, &wakes) { hasServed = true }
      }
    }
    guarded.state.isMixed = hasSeveralKinds(guarded.queue)
  }

  private static func hasSeveralKinds(_ queue: borrowing WaitQueue<QueueRequest<Order.Element>>) -> Bool {
    guard let kind = queue.first?.request.kind else { return false }
    return queue.first { $0.kind != kind } != nil
  }

  /// Grants or refuses what a waiter asks for, if that is decided now. Returns whether it left the queue.
  @inlinable
  static func serve(_ place: Place, _ guarded: inout Guarded, _ wakes: inout WakeList) -> Bool {
    let kind = place.request.kind
    let isRefused = guarded.state.refuses(kind)
    guard isRefused || guarded.state.grants(kind) else { return false }
    _ = guarded.queue.remove(place)
    guard place.waiter.claim(isRefused ? .closed : .granted) else { return true }
    if !isRefused { guarded.state.perform(&place.request) }
    wakes.append(place.waiter)
    return true
  }
}
