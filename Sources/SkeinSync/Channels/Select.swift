/// Suspends the task until one of several cases can go on, and takes that one; the others have no effect.
///
/// Of several cases that are ready, any is taken, each with the same probability, or, `.biased`, the first. A
/// waiting `select` stands in the queues of all its cases, with the others that wait there, first in, first
/// out.
///
/// ```swift
/// let text = try await select {
///   jobs.receiving { "job \($0)" }
///   results.sending(42) { "sent" }
///   shutdown.waiting { "stop" }
///   after(.seconds(1)) { "nothing came" }
/// }
/// ```
///
/// A case whose channel is at its end, or closed, is *ready*: the `select` throws that channel's error, or
/// returns what the case's `otherwise` makes of it. To go on without that channel, leave the case out, by an
/// `if` around it. A `select` that sends to and receives from one channel never serves itself.
///
/// - Parameters:
///   - order: which of several ready cases is taken.
///   - cases: what is waited for, in the order in which `.biased` takes them.
/// - Returns: what the chosen case makes of its result.
/// - Throws: ``WaitError/cancelled``; the error of a chosen case that can not go on: ``ReceiveError``,
///   ``SendError`` or ``WaitError/closed``; and what the closures throw.
/// - Precondition: there is a case.
/// - Cancellation: the task leaves all queues, and nothing was sent or received. A case that was chosen in the
///   same instant is taken as usual.
/// - Complexity: O(cases) without a wait, O(cases · log(cases)) with one.
@inlinable
public func select<Result, Cases: SelectCase<Result>>(
  _ order: SelectOrder = .fair, file: StaticString = #fileID, line: UInt = #line,
  @SelectBuilder<Result> _ cases: () throws -> Cases
) async throws -> Result {
  var selection = Selection(try cases(), order)
  let index = try await selection.wait(at: SourcePlace(file, line))
  return try selection.cases.finish(at: index)
}

/// Blocks the thread until one of several cases can go on, and takes that one; the others have no effect.
///
/// - Parameters:
///   - order: which of several ready cases is taken.
///   - cases: what is waited for, in the order in which `.biased` takes them.
/// - Returns: what the chosen case makes of its result.
/// - Throws: the error of a chosen case that can not go on: ``ReceiveError``, ``SendError`` or
///   ``WaitError/closed``; and what the closures throw.
/// - Precondition: there is a case.
@available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
@_disfavoredOverload
@inlinable
public func select<Result, Cases: SelectCase<Result>>(
  _ order: SelectOrder = .fair, file: StaticString = #fileID, line: UInt = #line,
  @SelectBuilder<Result> _ cases: () throws -> Cases
) throws -> Result {
  var selection = Selection(try cases(), order)
  let index = selection.wait(at: SourcePlace(file, line))
  return try selection.cases.finish(at: index)
}

/// Takes one of several cases if one can go on at this instant. Never waits.
///
/// ```swift
/// let next = try trySelect(.biased) {
///   urgent.receiving { $0 }
///   normal.receiving { $0 }
/// }
/// ```
///
/// - Parameters:
///   - order: which of several ready cases is taken.
///   - cases: what is tried, in the order in which `.biased` takes them.
/// - Returns: what the chosen case makes of its result; `nil` when no case was ready.
/// - Throws: the error of a chosen case that can not go on: ``ReceiveError``, ``SendError`` or
///   ``WaitError/closed``; and what the closures throw.
/// - Precondition: there is a case.
/// - Complexity: O(cases · log(cases)).
@inlinable
public func trySelect<Result, Cases: SelectCase<Result>>(
  _ order: SelectOrder = .fair, @SelectBuilder<Result> _ cases: () throws -> Cases
) throws -> Result? {
  var selection = Selection(try cases(), order)
  return try selection.attempt().map { try selection.cases.finish(at: $0) }
}
