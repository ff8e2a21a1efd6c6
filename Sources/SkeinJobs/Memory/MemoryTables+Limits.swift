internal import FoundationEssentials

/// Limits in memory are kept the plain way: each claim looks at all that is held back.
extension MemoryTables {
  mutating func setLimit(_ limit: JobLimit) {
    limits[limit.subject] = limit
    didChangeLimits()
  }

  mutating func removeLimit(_ subject: JobLimit.Subject) -> Bool {
    guard limits.removeValue(forKey: subject) != nil else { return false }
    didChangeLimits()
    return true
  }

  private mutating func didChangeLimits() {
    definitions = LimitDefinitions(version: definitions.version + 1, Array(limits.values))
    news.hasWork = true
  }

  /// The gates of one claim.
  func gates(now: Date) -> [JobLimit.Subject: LimitGate] {
    guard !definitions.isEmpty else { return [:] }
    var counts: [JobLimit.Subject: Int] = [:]
    for job in running {
      for subject in subjects(of: jobs[job]!.record) { counts[subject, default: 0] += 1 }
    }
    let known = Set(counts.keys).union(earliest.keys)
    return Dictionary(
      uniqueKeysWithValues: known.map { ($0, gate($0, running: counts[$0] ?? 0, now: now)) })
  }

  private func gate(_ subject: JobLimit.Subject, running: Int, now: Date) -> LimitGate {
    LimitGate(
      definitions.limit(of: subject), running: running, earliest: earliest[subject] ?? 0,
      now: now.microseconds)
  }

  func subjects(of job: JobRecord) -> [JobLimit.Subject] {
    definitions.subjects(name: job.kind.name, key: job.concurrencyKey)
  }

  /// Whether a job may start; where a rate holds it back, when it may.
  mutating func admit(
    _ job: JobRecord, _ gates: inout [JobLimit.Subject: LimitGate], _ now: Date
  ) -> (isAdmitted: Bool, opening: Date?) {
    let subjects = subjects(of: job)
    for subject in subjects {
      let gate = gates[subject] ?? gate(subject, running: 0, now: now)
      gates[subject] = gate
      guard gate.room(now: now.microseconds) == 0 else { continue }
      earliest[subject] = gate.earliest
      return (false, gate.opening(now: now.microseconds).map(Date.init(microseconds:)))
    }
    for subject in subjects {
      gates[subject]!.start(now: now.microseconds)
      earliest[subject] = gates[subject]!.earliest
    }
    return (true, nil)
  }

  /// Gives back what a job has taken of its rates, since it did not start.
  mutating func giveBackRate(_ job: JobRecord) {
    for subject in subjects(of: job) {
      guard let rate = definitions.limit(of: subject)?.rate, let instant = earliest[subject] else { continue }
      earliest[subject] = instant - rate.interval
    }
  }
}
