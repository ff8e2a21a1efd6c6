internal import Glibc
internal import NIOCore

/// Stands before a server's socket: while there is no place for a connection, none is accepted, and those that come wait in
/// the system's backlog.
///
/// When the process has no descriptor left, accepting rests for a moment: the socket would tell of the same connection
/// again and again.
final class AcceptGate: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias OutboundIn = Never

  private static let rest = TimeAmount.milliseconds(100)

  private let hasPlace: () -> Bool
  private let onTrouble: (Int32) -> Void
  private var isHeld = false
  private var isResting = false

  /// - Parameters:
  ///   - hasPlace: whether another connection may be accepted.
  ///   - onTrouble: is told of the error number when one could not be.
  init(hasPlace: @escaping () -> Bool, onTrouble: @escaping (Int32) -> Void) {
    self.hasPlace = hasPlace
    self.onTrouble = onTrouble
  }

  func read(context: ChannelHandlerContext) {
    isHeld = isResting || !hasPlace()
    if !isHeld { context.read() }
  }

  /// There is a place again.
  func open(context: ChannelHandlerContext) {
    if isHeld { read(context: context) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? IOError else { return context.fireErrorCaught(error) }
    onTrouble(error.errnoCode)
    guard [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode), !isResting else { return }
    isResting = true
    context.eventLoop.assumeIsolated().scheduleTask(in: Self.rest) { [self] in
      isResting = false
      open(context: context)
    }
  }
}
