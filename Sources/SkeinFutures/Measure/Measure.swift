public import SkeinSync

/// Measures how long a closure takes, on the calling thread.
///
/// ```swift
/// let timing = try measure(iterations: 50) { (0..<1000).reduce(0) { $0 + $1 * $1 } }
/// print(timing)  // mean 1.204 ± 0.011 µs, median 1.199 µs, …
/// ```
///
/// What `body` returns goes into ``blackHole(_:)``, so that the work can not be left out. A call that is too short for the
/// clock is repeated so often in each sample that a step of the clock is less than a thousandth of it.
///
/// - Parameters:
///   - iterations: how many samples are taken.
///   - warmUp: how many calls go before, which are not counted.
///   - repetitions: how many calls each sample is of. By default as many as the clock needs, which some further calls
///     before the first sample find out. With 1, `body` is called `warmUp + iterations` times, no more and no less.
///   - clock: what measures.
///   - body: what is measured.
/// - Returns: the samples, with what they say.
/// - Throws: what `body` throws, at once; ``MeasureError`` when a number is out of its range, before anything is called.
@inline(never)
public func measure<Result, C: Clock>(
  iterations: Int = 100, warmUp: Int = 3, repetitions: Int? = nil, clock: C = MonotonicClock(),
  _ body: () throws -> Result
) throws -> Timing where C.Duration == Duration {
  try checkNumbers(iterations: iterations, warmUp: warmUp, repetitions: repetitions)
  func time(_ calls: Int) throws -> Duration {
    let start = clock.now
    for _ in 0..<calls { blackHole(try body()) }
    return start.duration(to: clock.now)
  }
  let warmUps = try (0..<warmUp).map { _ in try time(1) }
  var calibration = Calibration(target: Calibration.target(of: clock), quickest: warmUps.min())
  while repetitions == nil, !calibration.isSettled { calibration.record(try time(calibration.repetitions)) }
  let calls = repetitions ?? calibration.repetitions
  return try Timing(
    samples: (0..<iterations).map { _ in try time(calls) / calls }, repetitions: calls)
}

/// Measures how long an asynchronous closure takes, its waits included.
///
/// ```swift
/// let timing = try await measure(iterations: 50) { try await fetch(page) }
/// ```
///
/// It runs on the caller's actor, one call after the other. Otherwise it does what the synchronous form does.
///
/// - Parameters:
///   - iterations: how many samples are taken.
///   - warmUp: how many calls go before, which are not counted.
///   - repetitions: how many calls each sample is of; by default as many as the clock needs.
///   - clock: what measures.
///   - body: what is measured.
/// - Returns: the samples, with what they say.
/// - Throws: what `body` throws, at once; ``MeasureError`` when a number is out of its range; `CancellationError`.
/// - Cancellation: `body` sees it, and no further sample is begun. What was measured until then is dropped, for a body
///   that was cancelled may have ended early.
@inline(never)
public func measure<Result, C: Clock>(
  iterations: Int = 100, warmUp: Int = 3, repetitions: Int? = nil, clock: C = MonotonicClock(),
  _ body: () async throws -> Result
) async throws -> Timing where C.Duration == Duration {
  try checkNumbers(iterations: iterations, warmUp: warmUp, repetitions: repetitions)
  func time(_ calls: Int) async throws -> Duration {
    try Task.checkCancellation()
    let start = clock.now
    for _ in 0..<calls { blackHole(try await body()) }
    return start.duration(to: clock.now)
  }
  var quickest: Duration?
  for _ in 0..<warmUp {
    let elapsed = try await time(1)
    quickest = min(elapsed, quickest ?? elapsed)
  }
  var calibration = Calibration(target: Calibration.target(of: clock), quickest: quickest)
  while repetitions == nil, !calibration.isSettled {
    calibration.record(try await time(calibration.repetitions))
  }
  let calls = repetitions ?? calibration.repetitions
  var samples: [Duration] = []
  for _ in 0..<iterations { samples.append(try await time(calls) / calls) }
  try Task.checkCancellation()
  return try Timing(samples: samples, repetitions: calls)
}

private func checkNumbers(iterations: Int, warmUp: Int, repetitions: Int?) throws(MeasureError) {
  guard iterations > 0 else { throw .invalidIterations(iterations) }
  guard warmUp >= 0 else { throw .invalidWarmUp(warmUp) }
  if let repetitions, repetitions <= 0 { throw .invalidRepetitions(repetitions) }
}
