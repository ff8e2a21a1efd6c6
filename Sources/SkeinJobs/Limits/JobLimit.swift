/// How many jobs of a name, or with a concurrency key, may run at once, and how many may start in a span: over all
/// workers of a queue's store.
///
/// ```swift
/// try await queue.setLimit(JobLimit(.key("smtp"), concurrency: 4))
/// try await queue.setLimit(JobLimit(.name("fetch"), rate: .init(10, per: .seconds(60))))
/// try await queue.setLimit(JobLimit(.key("tenant-*"), concurrency: 1))  // each tenant has a limit of its own
/// ```
///
/// A job that a limit holds back stays ready and takes no worker's place; others go past it. When there is room again,
/// the most urgent and earliest of those that are held back comes first.
public struct JobLimit: Hashable, Sendable {
  /// What a limit is for. A text that ends in `*` is for all that begin with what is before it: each of them is counted
  /// for itself. Of several limits that fit, the one with the longest text is taken.
  public enum Subject: Hashable, Sendable {
    /// Jobs of a name.
    case name(String)
    /// Jobs with a concurrency key.
    case key(String)

    /// The name or the key.
    public var text: String {
      switch self {
      case .name(let text), .key(let text): text
      }
    }
  }

  /// How many starts are allowed in a span.
  public struct Rate: Hashable, Sendable {
    /// So many starts…
    public var count: Int
    /// …in each such span, evenly spread.
    public var period: Duration
    /// So many may come at once, after a time without any; 1 keeps them evenly spread.
    public var burst: Int

    /// Creates a rate.
    public init(_ count: Int, per period: Duration, burst: Int = 1) {
      self.count = count
      self.period = period
      self.burst = burst
    }

    /// Between two starts, in microseconds.
    var interval: Int64 { max(1, Int64((period.seconds * 1_000_000 / Double(count)).rounded())) }
  }

  /// What it is for.
  public var subject: Subject
  /// How many may run at once; `nil` means any number.
  public var concurrency: Int?
  /// How many may start in a span; `nil` means any number.
  public var rate: Rate?

  /// Creates a limit.
  public init(_ subject: Subject, concurrency: Int? = nil, rate: Rate? = nil) {
    self.subject = subject
    self.concurrency = concurrency
    self.rate = rate
  }

  /// Checks all values.
  ///
  /// - Throws: ``JobQueueError`` with code `invalidInput`, which names the value.
  public func validate() throws(JobQueueError) {
    guard (1...500).contains(subject.text.utf8.count) else {
      throw .invalidInput(
        "a limit is for a name or key of 1 to 500 bytes; this one has \(subject.text.utf8.count)")
    }
    guard concurrency != nil || rate != nil else {
      throw .invalidInput("a limit for '\(subject.text)' limits nothing: give a concurrency, a rate or both")
    }
    if let concurrency, !(1...1_000_000).contains(concurrency) {
      throw .invalidInput(
        "a concurrency of \(concurrency) is not possible: use 1 to 1000000; to stop jobs, pause their queue")
    }
    guard let rate else { return }
    guard (1...1_000_000).contains(rate.count) else {
      throw .invalidInput(
        "a rate of \(rate.count) starts is not possible: use 1 to 1000000; to stop jobs, pause their queue")
    }
    guard rate.period > .zero, rate.period <= .seconds(366 * 86_400) else {
      throw .invalidInput("a rate's span is \(rate.period): it must be more than nothing and at most a year")
    }
    guard (1...rate.count).contains(rate.burst) else {
      throw .invalidInput(
        "a burst of \(rate.burst) is not possible: use 1 to \(rate.count), the rate's own number")
    }
    guard rate.period.seconds * 1_000_000 >= Double(rate.count) else {
      throw .invalidInput("a rate of \(rate.count) in \(rate.period) limits nothing")
    }
  }
}

/// The limits of a store, to be looked up.
struct LimitDefinitions: Sendable {
  /// Moves on when they change; 0 before there was any.
  private(set) var version: Int64 = 0
  private var exact: [JobLimit.Subject: JobLimit] = [:]
  /// Those that end in `*`, the longest first.
  private var patterns: [JobLimit] = []

  init() {}

  init(version: Int64, _ limits: [JobLimit]) {
    self.version = version
    for limit in limits {
      if limit.subject.text.hasSuffix("*") { patterns.append(limit) } else { exact[limit.subject] = limit }
    }
    patterns.sort { $0.subject.text.utf8.count > $1.subject.text.utf8.count }
  }

  /// The longest time between two starts of a rate, in microseconds.
  var longestInterval: Int64 {
    (exact.values + patterns).compactMap(\.rate?.interval).max() ?? 0
  }

  var isEmpty: Bool { exact.isEmpty && patterns.isEmpty }

  /// The limit that something concrete stands under.
  func limit(of subject: JobLimit.Subject) -> JobLimit? {
    exact[subject] ?? patterns.first { $0.covers(subject) }
  }

  /// What a job is counted under.
  func subjects(name: String, key: String?) -> [JobLimit.Subject] {
    guard !isEmpty else { return [] }
    let all = [JobLimit.Subject.name(name)] + (key.map { [.key($0)] } ?? [])
    return all.filter { limit(of: $0) != nil }
  }
}

extension JobLimit {
  fileprivate func covers(_ subject: Subject) -> Bool {
    switch (self.subject, subject) {
    case (.name(let pattern), .name(let text)), (.key(let pattern), .key(let text)):
      text.hasPrefix(pattern.dropLast())
    default: false
    }
  }
}
