internal import NIOCore

/// What a connection waits for, and until when. At the first of these instants something is done.
///
/// Setting one is a store. The timer that watches is set anew only when it would fire too late: it may fire too early,
/// which costs a look once in a while, and not a timer for each request.
struct ConnectionTimeouts: Sendable {
  enum Kind: Int, CaseIterable, Sendable {
    /// The next request is to begin.
    case idle
    /// The head of a request is to be complete.
    case head
    /// More of a body is to come, for which a handler waits.
    case body
    /// A handler is to answer.
    case response
    /// The client is to take more of what was sent.
    case write
    /// The client is to take note of the end.
    case linger
  }

  private var instants: [6 of NIODeadline] = .init(repeating: .distantFuture)
  /// When the timer fires; `nil` while there is none.
  private(set) var timer: NIODeadline?

  subscript(kind: Kind) -> NIODeadline? {
    get { instants[kind.rawValue] == .distantFuture ? nil : instants[kind.rawValue] }
    set { instants[kind.rawValue] = newValue ?? .distantFuture }
  }

  /// None of them counts any more.
  mutating func clear() { instants = .init(repeating: .distantFuture) }

  /// The first instant at which something is due.
  var next: (instant: NIODeadline, kind: Kind)? {
    var first: (instant: NIODeadline, kind: Kind)?
    for kind in Kind.allCases {
      let instant = instants[kind.rawValue]
      if instant < first?.instant ?? .distantFuture { first = (instant, kind) }
    }
    return first
  }

  /// When a timer has to be set for; `nil` when the present one will do, or none is needed.
  mutating func setTimer() -> NIODeadline? {
    guard let next, next.instant < timer ?? .distantFuture else { return nil }
    timer = next.instant
    return next.instant
  }

  /// The timer has fired.
  ///
  /// - Returns: what is due, which does not count any more.
  mutating func fire(at now: NIODeadline) -> Kind? {
    timer = nil
    guard let next, next.instant <= now else { return nil }
    self[next.kind] = nil
    return next.kind
  }
}
