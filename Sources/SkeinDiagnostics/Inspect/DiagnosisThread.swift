internal import CSkein
internal import Glibc
internal import SkeinSync
internal import Synchronization

/// The thread that answers when it is asked, by a signal or through the socket. It sleeps otherwise, and
/// waits for nobody: not for one who asks and then does not read.
final class DiagnosisThread: Sendable {
  /// Signalled by the signal's handler, and by ``stop()``. It stays open as long as the process lives: a
  /// handler may be about to write to it at any time. A forked child makes its own: its parent's would wake that.
  private static let event = Lock<(process: pid_t, descriptor: Int32)>((0, -1), internalTo: "diagnosis")

  private static func makeEvent() -> Int32 {
    event.withLock { event in
      if event.process != getpid() { event = (getpid(), skein_make_event()) }
      return event.descriptor
    }
  }

  private let event: Int32
  private let signal: Int32?
  private let socket: InspectSocket?
  private let isStopped = Atomic(false)
  private let end = FutexWord()

  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - signal: which one asks for a snapshot on standard error.
  ///   - directory: where to make the socket; `nil` makes none.
  ///   - complain: is told what can not be had. The rest works.
  init(signal: Int32?, directory: String?, complain: (String) -> Void) {
    self.signal = signal
    var socket: InspectSocket?
    do throws(InspectError) {
      if let directory { socket = try InspectSocket(in: directory) }
    } catch {
      complain("this process can not be inspected: \(error)")
    }
    self.socket = socket
    event = Self.makeEvent()
    guard event >= 0 else {
      complain("nothing is answered, for want of a descriptor: \(String(cString: strerror(-event)))")
      socket?.remove()
      end.advance()
      return
    }
    if let signal, let problem = Self.forward(signal, to: event) { complain(problem) }
    startDetachedThread(name: "skein-diagnosis") { [self] in
      if let signal { _ = skein_unblock_signal(signal) }
      run()
      end.advance()
    }
  }

  private static func forward(_ signal: Int32, to event: Int32) -> String? {
    switch skein_forward_signal(signal, event) {
    case 0: nil
    case -EBUSY: "signal \(signal) prints no snapshot, because the program handles it itself"
    case let failure: "signal \(signal) prints no snapshot: \(String(cString: strerror(-failure)))"
    }
  }

  /// Removes the socket and ends the thread; returns when it has ended.
  func stop() {
    if let signal { _ = skein_stop_forwarding(signal) }
    removeSocket()
    isStopped.store(true, ordering: .releasing)
    _ = skein_signal_event(event)
    while end.value == 0 { end.wait(while: 0, until: -1) }
  }

  func removeSocket() { socket?.remove() }

  private func run() {
    var conversation: InspectConversation?
    while true {
      let events = wait(
        for: conversation?.descriptor ?? socket?.descriptor ?? -1, conversation?.events ?? Int16(POLLIN),
        until: conversation?.deadline)
      if events.isSignalled {
        _ = skein_clear_event(event)
        if isStopped.load(ordering: .acquiring) { return }
        StandardError.write("skein: process \(getpid()) at this instant:\n\(Diagnostics.snapshot())")
      }
      if conversation == nil {
        if events.isReady { conversation = socket?.accept() }
      } else if conversation?.proceed(at: MonotonicClock().now, answer: answer) == false {
        conversation = nil
      }
    }
  }

  private func answer(_ form: InspectForm) -> String { form.text(of: Diagnostics.snapshot()) }

  private func wait(
    for descriptor: Int32, _ events: Int16, until deadline: MonotonicClock.Instant?
  ) -> (isSignalled: Bool, isReady: Bool) {
    // A negative descriptor is none.
    var requests = [
      pollfd(fd: event, events: Int16(POLLIN), revents: 0),
      pollfd(fd: descriptor, events: events, revents: 0),
    ]
    let rest = deadline.map { MonotonicClock().now.duration(to: $0).saturatingNanoseconds / 1_000_000 + 1 }
    let count = poll(&requests, 2, Int32(rest.map { max(0, $0) } ?? -1))
    guard count > 0 else { return (false, false) }
    return (requests[0].revents != 0, requests[1].revents != 0)
  }
}
