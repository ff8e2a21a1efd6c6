internal import Glibc
internal import Synchronization

/// Keeps the tool alive while a command of its own ends by a signal, and hands signals on to it.
///
/// A terminal sends Ctrl-C to the command as well, which is in the tool's process group: handed on, it would come twice.
/// What `kill` sends is meant for the one process that it names, so that the command has to be told.
enum SignalRelay {
  /// What asks a process to end.
  private static let signals = [SIGINT, SIGQUIT, SIGTERM, SIGHUP]

  /// The process that signals are handed on to; 0 while there is none.
  private static let target = Atomic<pid_t>(0)
  /// What came from another process and was not handed on, for there was none to take it.
  private static let held = Atomic<Int32>(0)
  private static let wasSignalled = Atomic(false)

  /// Whether a signal has come, from wherever.
  static var isAskedToEnd: Bool { wasSignalled.load(ordering: .sequentiallyConsistent) }

  /// Starts to catch signals. Those that are ignored stay so, as with nohup, for the command too.
  static func start() {
    for signal in signals {
      var action = sigaction()
      sigaction(signal, nil, &action)
      if unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
        == unsafeBitCast(SIG_IGN, to: Int.self)
      {
        continue
      }
      action = sigaction()
      action.__sigaction_handler.sa_sigaction = { number, info, _ in
        // Only what a signal handler may do: atomic words and kill.
        SignalRelay.wasSignalled.store(true, ordering: .sequentiallyConsistent)
        // man 2 sigaction: the code is positive when the kernel itself sent it.
        guard let info, info.pointee.si_code <= 0 else { return }
        let process = SignalRelay.target.load(ordering: .sequentiallyConsistent)
        if process > 0 {
          kill(process, number)
        } else {
          SignalRelay.held.store(number, ordering: .sequentiallyConsistent)
        }
      }
      action.sa_flags = SA_RESTART | SA_SIGINFO
      sigaction(signal, &action, nil)
    }
  }

  /// Hands signals on to a process from now on. It has to be ``release()``d before it is reaped, or else its number may
  /// be another's.
  static func attach(to process: pid_t) {
    target.store(process, ordering: .sequentiallyConsistent)
    let number = held.exchange(0, ordering: .sequentiallyConsistent)
    if number != 0 { kill(process, number) }
  }

  /// Hands on no more.
  static func release() { target.store(0, ordering: .sequentiallyConsistent) }
}
