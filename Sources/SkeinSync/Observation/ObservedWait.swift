/// Somebody who waits, as it was at one instant.
public struct ObservedWait: Sendable {
  /// Who waits.
  public var party: Party
  /// The task that the waiting thread runs, when it is a thread that waits.
  public var runningTask: Party?
  /// What is waited for.
  public var object: ObservedObject
  /// What the party wants of it: "to write", "for 3 permits".
  public var purpose: String
  /// The call that waits.
  public var place: SourcePlace
  /// Since when, to about 4 ms.
  public var since: MonotonicClock.Instant
  /// Whether a deadline ends the wait.
  public var isTimed: Bool

  /// Describes a wait.
  public init(
    party: Party, runningTask: Party? = nil, object: ObservedObject, purpose: String, place: SourcePlace,
    since: MonotonicClock.Instant, isTimed: Bool
  ) {
    self.party = party
    self.runningTask = runningTask
    self.object = object
    self.purpose = purpose
    self.place = place
    self.since = since
    self.isTimed = isTimed
  }
}

/// Something that is waited for, as it was at one instant.
public struct ObservedObject: Sendable {
  /// What tells the object from all others that live.
  public var id: UInt
  /// Its type: "Lock", "Queue".
  public var kind: String
  /// The name that it was given, if any.
  public var name: String?
  /// Where it was made.
  public var place: SourcePlace
  /// Who can end the waits.
  public var holders: Holders
  /// Its state in a few words: "0 of 3 permits free".
  public var state: String

  /// Describes an object.
  public init(
    id: UInt, kind: String, name: String? = nil, place: SourcePlace, holders: Holders = .unknown,
    state: String = ""
  ) {
    self.id = id
    self.kind = kind
    self.name = name
    self.place = place
    self.holders = holders
    self.state = state
  }

  /// Who can end the waits for an object.
  public enum Holders: Sendable {
    /// Whoever comes: a semaphore, an event, a queue.
    case unknown
    /// All of these have to let go first: a lock has one, a writer waits for all readers.
    case all([Holder])
    /// One of these has to let go: a limiter's borrowers.
    case any([Holder])
  }

  /// The same, with names for the threads among its holders that have none yet.
  var withNames: ObservedObject {
    func named(_ holders: [Holder]) -> [Holder] { holders.map { Holder($0.party.named, place: $0.place) } }
    var object = self
    switch holders {
    case .unknown: break
    case .all(let all): object.holders = .all(named(all))
    case .any(let some): object.holders = .any(named(some))
    }
    return object
  }

  /// One who holds an object.
  public struct Holder: Sendable {
    /// The thread or task.
    public var party: Party
    /// Where it took the object, when that is known.
    public var place: SourcePlace?

    /// Names a holder.
    public init(_ party: Party, place: SourcePlace? = nil) {
      self.party = party
      self.place = place
    }
  }
}

extension ObservedObject: CustomStringConvertible {
  /// The type, the name and where the object was made.
  public var description: String {
    name.map { "\(kind) “\($0)” (made at \(place))" } ?? "\(kind) made at \(place)"
  }
}

/// What an object says about itself when it is made: its type, its name, its place in the source.
public struct ObjectIdentity: Sendable {
  /// The type: "Lock", "Queue".
  public let kind: StaticString
  /// The name that traps and diagnosis show.
  public let name: String?
  /// Where the object was made.
  public let place: SourcePlace

  /// Names an object.
  @inlinable
  public init(_ kind: StaticString, name: String?, place: SourcePlace) {
    self.kind = kind
    self.name = name
    self.place = place
  }
}

extension ObjectIdentity: CustomStringConvertible {
  /// The type and the name, else the place: "Lock ledger", "Queue made at Shop/Orders.swift:12".
  public var description: String { name.map { "\(kind) \($0)" } ?? "\(kind) made at \(place)" }
}
