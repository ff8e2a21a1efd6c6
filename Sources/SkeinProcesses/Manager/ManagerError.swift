/// Why a manager did not do what was asked of it.
public enum ManagerError: Error, Codable, Hashable, Sendable {
  /// The object was removed, or is of another manager.
  case noSuchObject
  /// A list has no element there.
  case outOfBounds(index: Int, count: Int)
  /// A counter would have left the range of `Int`.
  case overflow
  /// A lock was to be released by a process that does not have it.
  case notHeld
  /// A queue was to have no room at all.
  case invalidCapacity(Int)
  /// The manager was shut down, or its process has ended, and with it what it held.
  case ended
}

extension ManagerError: CustomStringConvertible {
  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch self {
    case .noSuchObject: "the manager has no such object: it was removed, or never was"
    case .outOfBounds(let index, let count): "the list has no element \(index), since there are \(count)"
    case .overflow: "the counter can not hold the sum"
    case .notHeld: "this process does not have the lock that it releases"
    case .invalidCapacity(let capacity):
      "a queue can not have room for \(capacity) items: for one at the least"
    case .ended:
      "the manager was shut down, or its process has ended: what it held is gone, and a new manager has to be made"
    }
  }
}
