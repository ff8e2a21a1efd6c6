internal import SkeinSync
internal import SkeinThreads

/// A request's context that nobody has to pass on, for threads and for tasks.
struct ThreadLocalExperiment: Experiment {
  let name = "thread-local"
  let section = "16.2.4"
  let title = "RequestContext: five handlers, each of which sees its own request and user"
  let lesson = """
    A thread-local variable has a value for each thread, which goes with it. Tasks move between threads while they \
    wait: theirs is the task-local variable, which child tasks see as well. The compiler keeps ThreadLocal out of \
    async code.
    """
  let uses = ["ThreadLocal.value", "@TaskLocal", "withThreads"]

  private static let handlers = 5

  /// The chapter's context, with one variable for each of its attributes.
  private enum RequestContext {
    static let requestID = ThreadLocal("unknown")
    static let user = ThreadLocal<String?>(nil)
    @TaskLocal static var current: (requestID: String, user: String)?
  }

  private static func request(_ index: Int) -> (requestID: String, user: String) {
    ("REQ-000\(index)", "user_\(index)")
  }

  private static func text(_ requestID: String, _ user: String?) -> String {
    "RequestID=\(requestID), User=\(user ?? "none")"
  }

  private static var all: [String] { (0..<handlers).map { text(request($0).requestID, request($0).user) } }

  func run(_ notes: LabNotes) async throws {
    try await inThreads(notes)
    await inTasks(notes)
  }

  // MARK: Threads

  private func inThreads(_ notes: LabNotes) async throws {
    let allAreSet = Barrier(parties: Self.handlers, name: "all are set")
    let seen = Lock<[Int: String]>([:], name: "seen")
    let before = Lock<Set<String>>([], name: "before")
    try await runThreads(Self.handlers, named: "Handler") { index in
      before.withLock { _ = $0.insert(Self.currentText()) }
      (RequestContext.requestID.value, RequestContext.user.value) = Self.request(index)
      // Nobody looks before the last one has set its own.
      try allAreSet.wait()
      imitateWork(.milliseconds(Self.handlers - index))
      let text = Self.currentText()
      notes.step(ThreadInfo.current.name, text)
      seen.withLock { $0[index] = text }
    }
    notes.check(
      "what each thread began with", is: [Self.text("unknown", nil)],
      observed: before.withLock { $0.sorted() })
    notes.check("what each handler saw", is: Self.all, observed: Self.inOrder(seen.withLock { $0 }))
    let elsewhere = try await onThread(named: "Another") { Self.currentText() }
    notes.check("what another thread sees", is: Self.text("unknown", nil), observed: elsewhere)
  }

  private static func currentText() -> String {
    text(RequestContext.requestID.value, RequestContext.user.value)
  }

  private static func inOrder(_ seen: [Int: String]) -> [String] {
    seen.sorted { $0.key < $1.key }.map(\.value)
  }

  // MARK: Tasks

  private func inTasks(_ notes: LabNotes) async {
    let allAreSet = Barrier(parties: Self.handlers, name: "all tasks are set")
    let seen = await withTaskGroup(of: (Int, String, UInt64).self) { group in
      for index in 0..<Self.handlers {
        group.addTask {
          await RequestContext.$current.withValue(Self.request(index)) {
            _ = try? await allAreSet.wait()
            // A child task, on whatever thread it runs.
            async let text = Self.currentTaskText()
            return (index, await text, Party.currentThread.id)
          }
        }
      }
      return await group.reduce(into: (texts: [Int: String](), threads: Set<UInt64>())) { seen, one in
        seen.texts[one.0] = one.1
        seen.threads.insert(one.2)
      }
    }
    notes.step(nil, "the same in \(Self.handlers) tasks, which share \(seen.threads.count) threads")
    notes.check("what the child task of each task saw", is: Self.all, observed: Self.inOrder(seen.texts))
  }

  private static func currentTaskText() async -> String {
    await Task.yield()
    let context = RequestContext.current
    return text(context?.requestID ?? "unknown", context?.user)
  }
}
