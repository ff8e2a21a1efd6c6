public import SkeinSync

/// Threads and tasks that wait for each other in a circle.
///
/// Each link names one who waits, for what, and who holds it; that one is the waiter of the next link, and
/// the last holder is the first waiter.
///
/// - Invariant: there is at least one link; links follow each other as told above.
public struct Deadlock: Sendable {
  /// How sure it is.
  public enum Certainty: String, Sendable {
    /// Nobody in the circle can go on by themselves: only a cancellation or a close from outside ends it.
    case certain
    /// It looks like one, but a deadline may end it, or who could end a wait is known from recent use alone,
    /// or it was too young to be looked at twice.
    case likely
  }

  /// One who waits, and one who could end the wait but is stuck as well.
  public struct Link: Sendable {
    /// Who waits, where, for what.
    public var wait: ObservedWait
    /// Who holds what is waited for, and where it was taken.
    public var holder: ObservedObject.Holder
    /// Whether the holder is assumed, from what was used recently, and not recorded by the object.
    public var isAssumed: Bool

    /// Links a wait to a holder.
    public init(wait: ObservedWait, holder: ObservedObject.Holder, isAssumed: Bool = false) {
      self.wait = wait
      self.holder = holder
      self.isAssumed = isAssumed
    }
  }

  /// How sure it is.
  public var certainty: Certainty
  /// The circle.
  public var links: [Link]

  /// Describes a deadlock.
  ///
  /// - Precondition: there are links.
  public init(certainty: Certainty, links: [Link]) {
    precondition(!links.isEmpty, "a deadlock has at least one who waits")
    self.certainty = certainty
    self.links = links
  }

  /// Who is stuck in the circle, in its order.
  public var parties: [Party] { links.map(\.wait.party) }

  /// What they wait for, in the same order.
  public var objects: [ObservedObject] { links.map(\.wait.object) }
}

extension Deadlock: CustomStringConvertible {
  /// The circle in words, a line for each wait and each holder.
  public var description: String {
    let parts = links.enumerated().map { index, link in
      "\(index == 0 ? "\(link.waiter) waits" : "which waits") \(link.whatIsAwaited),\n    \(link.whoHolds)"
    }
    return "Deadlock (\(certainty.rawValue)):\n  " + parts.joined(separator: ";\n  ")
  }
}

extension Deadlock.Link {
  fileprivate var waiter: String { wait.waiterText }

  fileprivate var whatIsAwaited: String {
    "at \(wait.place)\(wait.isTimed ? " until a deadline" : "") \(wait.purposeText)\(wait.object)"
  }

  fileprivate var whoHolds: String {
    if isAssumed { return "which \(holder.party) has used last" }
    let taken = holder.place.map { ", taken at \($0)" } ?? ""
    return "held by \(holder.party)\(taken)\(others)"
  }

  private var others: String {
    guard case .any(let holders) = wait.object.holders, holders.count > 1 else { return "" }
    return " (and by \(holders.count - 1) more, who are stuck too)"
  }
}

extension ObservedWait {
  /// The party, and the task that it runs.
  var waiterText: String { runningTask.map { "\(party), running \($0)," } ?? "\(party)" }

  /// What the party wants, in front of the object that it wants it of.
  var purposeText: String { purpose.isEmpty ? "for " : "\(purpose): " }
}
