internal import Foundation
internal import SkeinBuiltinJobs
internal import SkeinJobs
internal import SkeinResilience

/// Jobs of the demo that are shown in one row, with what should become of each.
struct DemoGroup: Sendable {
  /// What they do.
  var title: String
  var jobs: [NewJob]
  var expected: DemoExpectation
  /// Their ids; those of a schedule are known when it has queued them.
  var ids: [JobID]

  init(title: String, jobs: [NewJob], expected: DemoExpectation) {
    self.title = title
    self.jobs = jobs
    self.expected = expected
    ids = jobs.map(\.id)
  }
}

/// What the demo runs.
struct DemoPlan: Sendable {
  /// Waiting from the beginning.
  var steady: [DemoGroup]
  /// The same job, asked for several times under one unique key.
  var unique: DemoGroup
  /// What a schedule queues.
  var scheduled: DemoGroup
  /// Short jobs of low priority, so many that they wait for each other.
  var backlog: DemoGroup
  /// Submitted when the backlog is being worked on already.
  var urgent: DemoGroup
  /// A file that the first jobs of the backlog wait for: it is made when the urgent ones are submitted.
  var gate: String
  /// What the worker runs that is killed.
  var fragile: DemoGroup
  /// Files that the fragile jobs create when they have started.
  var marks: [String]

  /// The queue of the fragile jobs, which no other worker serves before the killed one is dead.
  static let fragileQueue = "fragile"
  /// The queue of the backlog. Its worker serves no other one: a worker that has run short jobs takes some
  /// ahead, which nothing overtakes any more.
  static let backlogQueue = "backlog"
  /// The other queues.
  static let queues = ["words", "programs"]
  /// How many jobs a worker runs at once: few, so that a backlog comes about on large machines too.
  static let concurrency = 4
  /// How many jobs the backlog has.
  static let backlogCount = 40
  /// How often the unique job is asked for.
  static let requests = 5
  /// How many ticks of the schedule are waited for.
  static let ticks = 2

  /// Plans the demo.
  ///
  /// - Parameters:
  ///   - path: the files to work on.
  ///   - scratch: where jobs may leave files.
  init(path: String, scratch: String) throws {
    let files = DemoFiles(path: path)
    let words = try files.parts.map { part in
      DemoGroup(
        title: "words: \(part.title)",
        jobs: [try NewJob(WordCountJob(paths: part.paths)) { $0.queue = "words" }],
        expected: .success)
    }
    let sums = try files.some.map { file in
      let name = (file as NSString).lastPathComponent
      return try Self.command("checksum: \(name)", ["sha256sum", "--", file], .success)
    }
    let total = DemoGroup(
      title: "words: all together", jobs: [try Self.total(words.flatMap(\.jobs))],
      expected: .joins(words.count))
    steady = words + [total] + sums + (try Self.faults(scratch))
    unique = DemoGroup(
      title: "asked for \(Self.requests) times", jobs: [try Self.uniqueRequest()],
      expected: .once(asked: Self.requests))
    scheduled = try Self.command("scheduled: each second", ["date", "-u"], .ticks)
    let gate = scratch + "/urgent"
    self.gate = gate
    backlog = DemoGroup(
      title: "backlog, priority 1",
      jobs: try (0..<Self.backlogCount).map { index in
        try index < Self.concurrency ? Self.gated(gate) : Self.short(priority: 1)
      }, expected: .success)
    urgent = DemoGroup(
      title: "urgent, priority 9", jobs: try (0..<3).map { _ in try Self.short(priority: 9) },
      expected: .overtakes(least: Self.backlogCount / 4))
    marks = (1...2).map { scratch + "/started-\($0)" }
    fragile = DemoGroup(
      title: "of a killed worker", jobs: try marks.map(Self.fragile), expected: .survivesCrash)
  }

  /// Everything, in the order of the report.
  var groups: [DemoGroup] { steady + [unique, scheduled, backlog, urgent, fragile] }

  /// The join of a chord: it starts when all words are counted, and finds the results.
  private static func total(_ words: [NewJob]) throws -> NewJob {
    try NewJob(WordTotalJob(parts: words.map { JobResult(of: $0.id) })) { $0.queue = "words" }
  }

  /// One request of those that come to one job.
  static func uniqueRequest() throws -> NewJob {
    try NewJob(CommandJob(arguments: ["sleep", "0.3"])) {
      $0.queue = "programs"
      $0.uniqueKey = "demo"
      $0.uniquePeriod = .seconds(3600)
    }
  }

  private static func short(priority: Int) throws -> NewJob {
    try NewJob(CommandJob(arguments: ["sleep", "0.1"])) {
      $0.queue = backlogQueue
      $0.priority = priority
    }
  }

  /// A job of the backlog that keeps its place until the urgent jobs are submitted; for some minutes at the most,
  /// should the demo itself be killed.
  private static func gated(_ gate: String) throws -> NewJob {
    let script = #"n=0; until [ -e "$0" ] || [ $n -eq 4000 ]; do sleep 0.05; n=$((n + 1)); done"#
    return try NewJob(CommandJob(arguments: ["/bin/sh", "-c", script, gate])) {
      $0.queue = backlogQueue
      $0.priority = 1
    }
  }

  /// A job whose first attempt goes on for longer than it takes to kill its worker. It leaves the worker the
  /// time to note which processes belong to it: who takes up the job has to end them first.
  private static func fragile(mark: String) throws -> NewJob {
    let script = #"sleep 0.1; : > "$0"; [ "$SKEIN_ATTEMPT" -gt 1 ] || exec sleep 60; sleep 0.2"#
    return try NewJob(CommandJob(arguments: ["/bin/sh", "-c", script, mark])) { $0.queue = fragileQueue }
  }

  private static func faults(_ scratch: String) throws -> [DemoGroup] {
    let count = "n=$(cat count 2>/dev/null || echo 0); echo $((n + 1)) > count; [ $n -ge 2 ]"
    return [
      try command(
        "fails twice, then succeeds", ["/bin/sh", "-c", count], .successAfterFailures(2), in: scratch
      ) {
        $0.retry = RetryPolicy(backoff: .fixed(.milliseconds(300)), jitter: .none, maximumAttempts: 5)
      },
      try command("over its time limit", ["sleep", "30"], .timeLimit) {
        $0.hardTimeLimit = .milliseconds(700)
      },
      DemoGroup(
        title: "traps, in Swift", jobs: [try NewJob(DemoTrap(index: 7)) { $0.queue = "programs" }],
        expected: .contained),
      DemoGroup(
        title: "never ends, in C",
        jobs: [
          try NewJob(DemoLoop()) {
            $0.queue = "programs"
            $0.hardTimeLimit = .milliseconds(700)
          }
        ], expected: .timeLimit),
      try command(
        "fails for good", ["/bin/sh", "-c", "echo no such luck >&2; exit 3"],
        .exhausted(attempts: 2, exitCode: 3)
      ) {
        $0.retry = RetryPolicy(backoff: .fixed(.milliseconds(300)), jitter: .none, maximumAttempts: 2)
      },
    ]
  }

  private static func command(
    _ title: String, _ arguments: [String], _ expected: DemoExpectation, in directory: String? = nil,
    _ change: (inout JobOptions) -> Void = { _ in }
  ) throws -> DemoGroup {
    let job = try NewJob(CommandJob(arguments: arguments, directory: directory)) {
      $0.queue = "programs"
      change(&$0)
    }
    return DemoGroup(title: title, jobs: [job], expected: expected)
  }
}

/// The files that the demo works on.
struct DemoFiles {
  /// Folders and files that are counted by one job.
  struct Part: Hashable {
    var title: String
    var paths: [String]
  }

  /// A part for each folder, and one for the files beside them; at most sixteen.
  let parts: [Part]
  /// A few regular files.
  let some: [String]

  init(path: String) {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter {
      !$0.hasPrefix(".")
    }
    let paths = names.sorted().map { path + "/" + $0 }
    let folders = paths.filter { Self.type(of: $0) == .typeDirectory }
    let files = paths.filter { Self.type(of: $0) == .typeRegular }
    let name = (path as NSString).lastPathComponent
    let rest = files.isEmpty ? [] : [Part(title: "files in \(name)", paths: files)]
    let all = folders.map { Part(title: ($0 as NSString).lastPathComponent, paths: [$0]) } + rest
    parts = all.isEmpty ? [Part(title: name, paths: [path])] : Array(all.prefix(16))
    some = Self.type(of: path) == .typeRegular ? [path] : Array(files.prefix(4)).ifEmpty(["/proc/self/exe"])
  }

  private static func type(of path: String) -> FileAttributeType? {
    try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
  }
}

extension Array {
  fileprivate func ifEmpty(_ other: [Element]) -> [Element] { isEmpty ? other : self }
}
