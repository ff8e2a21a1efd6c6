import FoundationEssentials
import Glibc
import SkeinJobs

/// Asks everything there is to ask of a queue that may be damaged, and uses it; writes down what is refused, and why.
func look(_ queue: JobQueue, log: String) async throws {
  tellReady()
  let store = queue.store
  @Sendable func attempt<Value>(_ what: String, _ body: () async throws -> Value) async -> Value? {
    do { return try await body() } catch {
      appendLine("refused \(what): \(error)", to: log)
      return nil
    }
  }
  var filter = JobFilter()
  filter.limit = 100_000
  let jobs = await attempt("jobs") { try await store.jobs(filter) } ?? []
  for sequence in Set(jobs.map(\.sequence) + [1, 2, 3]) {
    _ = await attempt("job") { try await store.job(sequence: sequence) }
    _ = await attempt("payload") { try await store.payload(of: sequence) }
    _ = await attempt("result") { try await store.result(of: sequence) }
    _ = await attempt("attempts") { try await store.attempts(of: sequence) }
    _ = await attempt("log") { try await store.log(of: sequence, attempt: 1, from: 0) }
  }
  _ = await attempt("counts") { try await store.counts() }
  _ = await attempt("changes") { try store.changes(after: 0, limit: 100_000) }
  _ = await attempt("workers") { try await store.workers() }
  _ = await attempt("known jobs") { try await store.knownJobs() }
  _ = await attempt("schedules") { try await store.schedules() }
  if let store = store as? SQLiteJobStore, let problems = await attempt("check", store.check) {
    for problem in problems { appendLine("problem \(problem)", to: log) }
  }
  _ = await attempt("enqueue") { try await queue.enqueue(Note(file: log, text: "")) }
  for job in jobs.prefix(3) {
    _ = await attempt("cancel") { try await store.cancel(job.id) }
    _ = await attempt("retry") { try await store.retry(job.id) }
  }
  _ = await attempt("prune") {
    try await store.prune(RetentionPolicy(succeeded: .zero, unsuccessful: .zero), limit: 10)
  }
  await attempt("work") {
    let worker = try await store.join(
      WorkerDescription(
        name: "looker", concurrency: 1, queues: [], knows: ["note": 1, "test": 1], processID: getpid()))
    _ = await attempt("rescue") { try await worker.rescue() }
    let request = ClaimRequest(
      limit: 100_000, queues: nil, takesSuspect: true, knows: ["note": 1, "test": 1])
    _ = await attempt("claim") { try await worker.claim(request) }
    try await worker.leave()
  }
  _ = await attempt("due") { try await store.enqueueDue(now: Date().addingTimeInterval(1000)) }
  _ = await attempt("evict") { try await store.evict(WorkerID(number: 1)) }
}
