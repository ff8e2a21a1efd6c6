internal import CSkein

/// Who borrows a token of a ``CapacityLimiter``: a task, a thread, or whatever a token is borrowed for.
///
/// - Invariant: a task or thread is itself only as long as it lives; the system uses identities again.
public struct Borrower: Hashable, Sendable {
  private enum Identity: Hashable, Sendable {
    case task(UInt)
    case thread(UInt32)
    case value(HashableValue)
  }

  private let identity: Identity

  private init(_ identity: Identity) {
    self.identity = identity
  }

  /// The calling task, outside of tasks the thread.
  public static var current: Borrower {
    let task = skein_current_task()
    return Borrower(task == 0 ? .thread(skein_thread_id()) : .task(task))
  }

  /// Whether it is a task or thread, which alone gives its token back; one borrowed for something else may be
  /// given back by whoever comes.
  var isParty: Bool {
    if case .value = identity { return false }
    return true
  }

  /// What a token is borrowed for: a job's identity, a connection, a name.
  public init(_ value: some Hashable & Sendable) {
    self = value as? Borrower ?? Borrower(.value(HashableValue(value)))
  }
}

extension Borrower: CustomStringConvertible {
  /// A few words for people.
  public var description: String {
    switch identity {
    case .task(let address): Party(kind: .task, id: UInt64(address)).description
    case .thread(let id): Party.thread(id).description
    case .value(let value): "\(value.base)"
    }
  }
}

/// Any value, compared as what it is: the standard library's `AnyHashable` can not be sent.
private struct HashableValue: Hashable, Sendable {
  let base: any Hashable & Sendable

  init(_ base: any Hashable & Sendable) {
    self.base = base
  }

  static func == (left: HashableValue, right: HashableValue) -> Bool {
    AnyHashable(left.base) == AnyHashable(right.base)
  }

  func hash(into hasher: inout Hasher) {
    AnyHashable(base).hash(into: &hasher)
  }
}
