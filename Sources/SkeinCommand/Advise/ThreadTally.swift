/// What the threads of a command did, from looks at them while it ran.
///
/// A thread's *wait share* is the part of its life in which it neither computed nor stood in the queue for a processor.
/// The command's own is the mean of these, each weighed by what the thread computed: where a main thread only waits for
/// its workers, what the workers do is what counts.
struct ThreadTally: Sendable {
  /// Numbers are used again, but hardly within one run.
  struct Key: Hashable, Sendable {
    var process: Int32
    var thread: Int32
  }

  /// What a thread has used until a moment.
  struct Reading: Equatable, Sendable {
    var compute = Duration.zero
    var queued = Duration.zero

    init(compute: Duration = .zero, queued: Duration = .zero) {
      self.compute = compute
      self.queued = queued
    }

    /// What schedstat has: “computed queued slices”, in nanoseconds.
    init?(_ text: String) {
      let fields = text.split { $0.isWhitespace }.compactMap { Int64($0) }
      guard fields.count >= 2 else { return nil }
      self.init(compute: .nanoseconds(fields[0]), queued: .nanoseconds(fields[1]))
    }
  }

  private struct Life: Sendable {
    var start: Duration
    var end: Duration
    var reading: Reading

    /// The part of it that the thread waited.
    var waitShare: Double {
      let own = max(end - start - reading.queued, reading.compute, .nanoseconds(1))
      return max(0, 1 - reading.compute / own)
    }
  }

  private var lives: [Key: Life] = [:]
  private var lastLook = Duration.zero
  /// The most threads that were there at once.
  private(set) var most = 0

  /// Takes a look at all threads, at a time since the command's start.
  mutating func look(at time: Duration, _ readings: [Key: Reading]) {
    for (key, reading) in readings {
      // It is new since the last look, and not younger than what it has used.
      let start = max(lastLook, time - reading.compute - reading.queued)
      lives[key, default: Life(start: lastLook == .zero ? .zero : start, end: time, reading: reading)].end =
        time
      lives[key]?.reading = reading
    }
    most = max(most, readings.count)
    lastLook = time
  }

  /// Takes the command's end. What else was there at the last look may have done anything since then.
  ///
  /// - Parameter last: what the kernel still tells of a process that has ended: its first thread.
  mutating func end(at time: Duration, _ last: [Key: Reading]) {
    for (key, reading) in last where reading.compute > .zero {
      lives[key, default: Life(start: .zero, end: time, reading: reading)].reading = reading
      lives[key]?.end = time
    }
    most = max(most, last.count)
  }

  /// How long all threads stood in the queue for a processor.
  var queued: Duration { lives.values.reduce(.zero) { $0 + $1.reading.queued } }

  /// The part of its time that the command waits, from 0 to 1.
  ///
  /// - Parameters:
  ///   - wall: how long it ran.
  ///   - compute: what the kernel charged it with. What no look has seen, such as short processes, is taken to have been
  ///     done by one after the other, and to have queued as what was seen has.
  func waitShare(wall: Duration, compute: Duration) -> Double {
    let seen = lives.values.reduce(.zero) { $0 + $1.reading.compute }
    let unseen = max(.zero, compute - seen)
    let wanted = compute * (seen > .zero ? 1 + queued / seen : 1)
    let oneByOne = wall > .zero ? max(0, 1 - wanted / wall) : 0
    guard seen + unseen > .zero else { return 1 }
    let weighed = lives.values.reduce(unseen * oneByOne) { $0 + $1.reading.compute * $1.waitShare }
    return min(1, weighed / (seen + unseen))
  }
}

extension Duration {
  fileprivate static func * (span: Duration, factor: Double) -> Duration {
    .nanoseconds(span / .nanoseconds(1) * factor)
  }
}
