/// A case of a `select`, or several: what is waited for, and what to make of it.
///
/// Cases come from ``Receiver/receiving(_:otherwise:)``, ``Sender/sending(_:_:otherwise:)``,
/// ``Event/waiting(_:)``, ``after(_:clock:_:)`` and ``at(_:clock:_:)``, and ``SelectBuilder`` puts them
/// together. Making one does nothing yet. What it makes of its result runs after the choice, on the caller,
/// under no lock; it is synchronous: return a value, and go on with that after the `select`.
///
/// The protocol is there for cases to be values of their own types, which a `select` keeps on its stack and the
/// compiler specialises. Only SkeinSync can conform to it: nobody else can read a ``SelectTurn``.
public protocol SelectCase<Result> {
  /// What comes out when it is chosen.
  associatedtype Result

  /// How many cases this is: one, or those of a block, a loop, an `if`.
  var count: Int { get }

  /// Does one step of a `select` for one of these cases, and answers what that step asks.
  ///
  /// - Parameters:
  ///   - turn: what to do, and what a `select` carries from case to case.
  ///   - index: which of the cases; less than ``count``.
  mutating func perform(_ turn: inout SelectTurn, at index: Int) -> Bool

  /// Makes the result of the case that was chosen.
  ///
  /// - Parameter index: which of the cases.
  /// - Throws: the error of a case that can not go on, and what its closure throws.
  func finish(at index: Int) throws -> Result
}

extension SelectCase {
  /// One: what is not put together of others is one case.
  @inlinable public var count: Int { 1 }
}

/// What a `select` asks of its cases, one after another.
public struct SelectTurn: ~Copyable {
  @usableFromInline var step = SelectStep.attempt
  /// Tells the cases' locks apart and orders them; zero for a case without one.
  @usableFromInline var lockOrder: UInt = 0
  /// Who stands in the queues, once it has come to that.
  @usableFromInline var waiter: SelectWaiter?
  @usableFromInline var wakes = WakeList()
  /// Where somebody waits for the first time; to be registered under no lock.
  @usableFromInline var firstSources = ContiguousArray<any WaitSource>()

  @inlinable
  init() {}
}

/// A step of a `select`. What the answer means stands with each; where nothing stands, it counts for nothing.
@usableFromInline
enum SelectStep {
  /// Do at once, under the own lock, what the case waits for, or find that it can not be any more. Is the case
  /// ready?
  case attempt
  /// The same, under the lock that was taken before.
  case attemptLocked
  /// Can the case become ready in a moment, if it is only tried again?
  case isWorthTryingAgain
  /// Does a deadline end the wait?
  case isTimed
  /// Name the lock.
  case nameLock
  case lock
  case unlock
  /// Put the waiter into the queue, under the lock; the index is the one of the case in the whole `select`.
  case enqueue(UInt32)
  /// Do, after the locks, what else the wait needs.
  case didEnqueue(UInt32)
  /// Tell diagnosis that a thread is about to block.
  case noteBlocking(SourcePlace)
  /// Learn that the waiter was claimed here.
  case win(Waiter.Outcome)
  /// Take the waiter out of the queue again, for it was claimed elsewhere.
  case withdraw
}

/// Stands in the queues of all cases.
@usableFromInline
final class SelectWaiter: Waiter, @unchecked Sendable {
  // Sendable because all that is added to a waiter is a constant.
  @usableFromInline let asker: Asker

  @usableFromInline
  init(_ asker: Asker) { self.asker = asker }
}
