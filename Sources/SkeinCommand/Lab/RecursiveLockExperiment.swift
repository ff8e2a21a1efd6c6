internal import Glibc
internal import SkeinSync

/// A recursive walk under a lock: with one that its thread may take again, and with one that it may not.
struct RecursiveLockExperiment: Experiment {
  let name = "rlock"
  let section = "16.2.2"
  let title = "TreeWalker: a recursive lock can be taken again by its thread, a plain one says no"
  let lesson = """
    A thread that takes a plain lock twice would wait for itself for ever. (The chapter expects an error there; in \
    Python it hangs.) Skein's lock names itself instead: tryLock and the timed form throw, withLock traps.
    """
  let uses = ["RecursiveLock.withLock", "Lock.tryLock", "LockError.wouldDeadlock"]

  private struct TreeNode: Sendable {
    var value: String
    var children: [TreeNode] = []
  }

  /// The chapter's walker: each level takes the lock again.
  private final class TreeWalker: Sendable {
    private let visited = RecursiveLock([String](), name: "TreeWalker")

    func walk(_ node: TreeNode, visit: (String, _ depth: Int) -> Void, depth: Int = 1) {
      visited.withLock { held in
        held.state.append(node.value)
        visit(node.value, depth)
        for child in node.children { walk(child, visit: visit, depth: depth + 1) }
      }
    }

    var result: [String] { visited.withLock { $0.state } }
  }

  private static let root = TreeNode(
    value: "root",
    children: [
      TreeNode(value: "left", children: [TreeNode(value: "left-left")]), TreeNode(value: "right"),
    ])

  func run(_ notes: LabNotes) async throws {
    try await runThreads([
      LabThread("Walker") {
        let walker = TreeWalker()
        walker.walk(Self.root) { value, depth in
          notes.step("Walker", "visits \(value), holding the lock \(depth == 1 ? "once" : "\(depth) times")")
        }
        notes.check("visited", is: ["root", "left", "left-left", "right"], observed: walker.result)
        Self.askPlainLock(notes)
      }
    ])
    let child = try await LabChild.run(.reentry)
    let who = "process \(child.processID)"
    // Without the backtrace that may follow.
    let words = child.output.split(separator: "\n").first ?? ""
    notes.step(who, "takes a plain lock twice with withLock: \(child.end)\n\(words)")
    let isTrap = child.end == .signalled(SIGTRAP) || child.end == .signalled(SIGILL)
    notes.check(
      "withLock on a lock that its thread holds", expected: "a trap", observed: "\(child.end)", isTrap)
  }

  private static func askPlainLock(_ notes: LabNotes) {
    let plain = Lock(name: "plain")
    let expected = LabText.value(LockError.wouldDeadlock("plain"))
    plain.withLock { _ in
      let tried = LabText.ending { _ = try plain.tryLock { _ in } }
      notes.step("Walker", "tryLock on a plain lock that it holds: \(tried)")
      notes.check("tryLock on a plain lock that its thread holds", is: expected, observed: tried)
      let timed = LabText.ending { try plain.withLock(timeout: .seconds(1)) { _ in } }
      notes.check("the timed form, at once", is: expected, observed: timed)
    }
  }

  /// What the process in the role does: it does not come back.
  static func takeAgain() {
    let plain = Lock(name: "plain")
    plain.withLock { _ in plain.withLock { _ in } }
  }
}
