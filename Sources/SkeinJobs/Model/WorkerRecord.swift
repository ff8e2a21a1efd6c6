public import FoundationEssentials

/// The identity of a worker: one run of one process.
public struct WorkerID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
  /// Given by the store, counting up.
  public let number: Int64

  /// Creates an identity from its number.
  public init(number: Int64) { self.number = number }

  /// The number.
  public var description: String { "\(number)" }

  /// Tells which of two workers came earlier.
  public static func < (left: WorkerID, right: WorkerID) -> Bool { left.number < right.number }
}

/// A worker as it introduces itself to a store.
public struct WorkerDescription: Codable, Hashable, Sendable {
  /// For people, such as `host:4711`.
  public var name: String
  /// How many jobs it runs at once.
  public var concurrency: Int
  /// The queues it serves; empty means all.
  public var queues: [String]
  /// The jobs it knows: the newest payload version by name.
  public var knows: [String: Int]
  /// The process.
  public var processID: Int32

  /// Creates a description.
  public init(name: String, concurrency: Int, queues: [String], knows: [String: Int], processID: Int32) {
    self.name = name
    self.concurrency = concurrency
    self.queues = queues
    self.knows = knows
    self.processID = processID
  }
}

/// A worker as a store knows it.
public struct WorkerRecord: Hashable, Sendable {
  /// Whether a worker lives.
  public enum Liveness: String, Hashable, Sendable {
    /// It lives and renews its lease.
    case alive
    /// Its process lives, but its lease has run out: its jobs stay its own.
    case unresponsive
    /// It is gone; its jobs will be taken up by others.
    case dead
  }

  /// Its identity.
  public var id: WorkerID
  /// How it introduced itself.
  public var description: WorkerDescription
  /// When it joined.
  public var joinedAt: Date
  /// Whether it lives.
  public var liveness: Liveness

  /// Creates a record.
  public init(id: WorkerID, description: WorkerDescription, joinedAt: Date, liveness: Liveness) {
    self.id = id
    self.description = description
    self.joinedAt = joinedAt
    self.liveness = liveness
  }
}
