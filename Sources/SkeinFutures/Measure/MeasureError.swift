/// What is wrong with what a measurement was given.
public enum MeasureError: Error, Hashable, Sendable {
  /// There has to be an iteration at least.
  case invalidIterations(Int)
  /// Warming up takes no less than zero calls.
  case invalidWarmUp(Int)
  /// A sample is of one call at least.
  case invalidRepetitions(Int)
  /// Nothing can be said about no samples.
  case noSamples
  /// A span of time is not negative, and a number of a sample is finite.
  case invalidSample(String)
}

extension MeasureError: CustomStringConvertible {
  /// A sentence for people: what was wrong, and what to do.
  public var description: String {
    switch self {
    case .invalidIterations(let count): "a measurement of \(count) iterations: give one or more"
    case .invalidWarmUp(let count): "warming up with \(count) calls: give zero or more"
    case .invalidRepetitions(let count):
      "samples of \(count) calls each: give one or more, or none for a number that suits the clock"
    case .noSamples: "there are no samples: give one or more"
    case .invalidSample(let sample): "the sample \(sample) is no span of time: give a number from zero on"
    }
  }
}
