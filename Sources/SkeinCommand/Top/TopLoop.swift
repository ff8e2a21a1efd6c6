internal import Foundation
internal import SkeinSync

/// Shows a queue on the whole terminal until somebody has seen enough.
struct TopLoop {
  /// What there is to react to.
  enum Event: Sendable {
    case key(Key)
    case keysEnded
    case signal(Int32)
    case look(TopSnapshot)
    case failure(any Error)
  }

  private static let signals = SignalWatch.endings + [SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH]

  private var screen = Screen()
  private var controls = TopControls()
  /// The latest look, and the one that is shown: another one while the screen stands still.
  private var latest: TopSnapshot?
  private var shown: TopSnapshot?

  /// Shows what the follower sees, until a key or a signal ends it.
  ///
  /// - Throws: ``JobQueueError`` when the queue can not be read any more. The terminal is as it was before.
  static func run(_ follower: TopFollower, interval: Duration) async throws {
    let (events, sink) = AsyncStream.makeStream(of: Event.self)
    let signals = try SignalWatch.start(Self.signals)
    var loop = TopLoop()
    try loop.screen.enter()
    defer { loop.screen.leave() }
    let sources = [
      Task { for await signal in signals { sink.yield(.signal(signal)) } },
      Task { await watchKeys(sink) },
      Task { await watchQueue(follower, interval, sink) },
    ]
    defer { for source in sources { source.cancel() } }
    try loop.draw()
    for await event in events {
      guard try loop.handle(event) else { break }
    }
    // The queue is about to be closed.
    sources[2].cancel()
    await sources[2].value
  }

  private static func watchKeys(_ sink: AsyncStream<Event>.Continuation) async {
    guard let descriptor = Screen.keys else { return }
    for await key in KeyWatch.start(descriptor) { sink.yield(.key(key)) }
    sink.yield(.keysEnded)
  }

  private static func watchQueue(
    _ follower: TopFollower, _ interval: Duration, _ sink: AsyncStream<Event>.Continuation
  ) async {
    var follower = follower
    do {
      while true {
        let start = MonotonicClock().now
        sink.yield(.look(try await follower.look()))
        try await follower.pause(interval, since: start)
      }
    } catch {
      sink.yield(.failure(error))
    }
  }

  /// Reacts.
  ///
  /// - Returns: whether to go on.
  private mutating func handle(_ event: Event) throws -> Bool {
    switch event {
    case .look(let snapshot):
      latest = snapshot
      if !controls.isPaused { try draw() }
    case .key(let key): return try press(key)
    case .keysEnded: return false
    case .failure(let error): throw error
    case .signal(SIGWINCH): try draw()
    case .signal(SIGTSTP): try screen.stop()
    case .signal(SIGCONT):
      try screen.enter()
      try draw()
    case .signal: return false
    }
    return true
  }

  private mutating func press(_ key: Key) throws -> Bool {
    switch controls.press(key) {
    case .quit: return false
    case .draw: try draw()
    case .nothing: break
    }
    return true
  }

  private mutating func draw() throws {
    if !controls.isPaused { shown = latest }
    let output = Console.shared.output
    let size = output.size
    let view = TopScreen(
      snapshot: shown, terminal: output.fitted(to: size.width), height: size.height,
      hasKeys: Screen.keys != nil)
    try screen.draw(view.lines(&controls))
  }
}
