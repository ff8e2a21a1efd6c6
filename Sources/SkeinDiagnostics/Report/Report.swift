extension Diagnostics {
  /// Something that diagnosis found by itself.
  public struct Report: Sendable, CustomStringConvertible {
    /// What it is about.
    public enum Kind: String, Sendable {
      /// Locks are taken in orders that contradict each other: a deadlock that can happen.
      case lockOrder
      /// A task blocked its thread, which other tasks need.
      case blocking
      /// No task could run for some time.
      case stall
      /// Tasks run again.
      case stallEnd
      /// A part of the diagnosis could not be started.
      case failure
    }

    /// What it is about.
    public var kind: Kind
    /// What was found and where, in words for people; may have several lines.
    public var message: String

    /// The message.
    public var description: String { message }
  }

  /// Says where reports go: to a log, say, instead of standard error.
  ///
  /// ```swift
  /// Diagnostics.onReport { logger.warning("\($0)") }
  /// ```
  ///
  /// - Parameter handler: is called for one report after another, on a thread of the diagnosis' own; it may
  ///   wait. `nil` brings standard error back.
  public static func onReport(_ handler: (@Sendable (Report) -> Void)?) {
    ReportQueue.shared.setHandler(handler)
  }
}
