extension CapacityLimiter {
  /// How many tokens there are.
  public enum Capacity: Hashable, Sendable {
    /// So many.
    case tokens(Int)
    /// As many as anybody asks for.
    case unlimited
  }

  /// A limiter as it is at one instant.
  public struct Statistics: Sendable {
    /// How many tokens there are.
    public let total: Capacity
    /// Who has a token, in no order.
    public let borrowers: [Borrower]
    /// How many threads and tasks wait for one.
    public let waiterCount: Int

    /// How many tokens are lent. More than there are, for a while, after their number was lowered.
    public var borrowedCount: Int { borrowers.count }
  }
}

extension CapacityLimiter.Capacity: ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// So many tokens.
  public init(integerLiteral value: Int) {
    self = .tokens(value)
  }

  /// The number, or "unlimited".
  public var description: String {
    switch self {
    case .tokens(let count): "\(count)"
    case .unlimited: "unlimited"
    }
  }

  /// Whether one more can be lent beside so many.
  func exceeds(_ count: Int) -> Bool {
    switch self {
    case .tokens(let total): total > count
    case .unlimited: true
    }
  }

  var isNegative: Bool {
    if case .tokens(..<0) = self { true } else { false }
  }
}
