internal import Glibc
internal import SkeinProcesses
internal import SkeinWork

/// What the chapter's workers share: a namespace, a list, a dictionary, and the lock of the first.
struct ManagedLabThings: Codable, Sendable {
  let settings: ManagedNamespace
  let lines: ManagedList<String>
  let squares: ManagedDictionary<String, Int>
  let lock: ManagedLock
}

/// The chapter's `worker` of a manager.
struct WorkWithManager: RemoteFunction {
  static let name = "lab.work-with-manager"
  var number: Int
  var things: ManagedLabThings

  @available(*, noasync)
  func run() throws -> Nothing {
    try things.lock.withLock {
      let count = try things.settings.value(for: "count", as: Int.self) ?? 0
      try things.settings.set(count + 1, for: "count")
    }
    try things.lines.append("Worker-\(number)")
    try things.squares.set(number * number, for: "Worker-\(number)")
    return Nothing()
  }
}

/// Takes a lock and dies with it.
struct DieWithLock: RemoteFunction {
  static let name = "lab.die-with-lock"
  var lock: ManagedLock

  @available(*, noasync)
  func run() throws -> Nothing {
    try lock.acquire()
    kill(getpid(), SIGKILL)
    return Nothing()
  }
}

/// Objects that live in a process of their own, for all others.
struct ManagerExperiment: Experiment {
  let name = "manager"
  let section = "16.3.2"
  let title = "Three processes change a namespace, a list and a dictionary that a fourth one holds; one dies"
  let lesson = """
    A manager holds objects of any type for any process; each call is a message to it and back. It knows who has a lock: when \
    a process dies with it, the next one gets it, and is told.
    """
  let uses = ["SharedManager", "ManagedNamespace", "ManagedList", "ManagedDictionary", "ManagedLock"]

  func run(_ notes: LabNotes) async throws {
    let manager = try SharedManager(name: "manager")
    defer { manager.shutdown() }
    let things = ManagedLabThings(
      settings: try manager.makeNamespace(), lines: try manager.makeList(),
      squares: try manager.makeDictionary(), lock: try manager.makeLock())
    let workers = try (0..<3).map {
      try ChildProcess.start(WorkWithManager(number: $0, things: things), name: "Worker-\($0)")
    }
    for worker in workers { notes.step(worker.name, "\(try await worker.join())") }
    let names = (0..<3).map { "Worker-\($0)" }
    notes.check("count", is: 3, observed: try things.settings.value(for: "count", as: Int.self))
    notes.check("the list, sorted", is: names, observed: try things.lines.contents().sorted())
    notes.check(
      "the dictionary", is: ["Worker-0": 0, "Worker-1": 1, "Worker-2": 4],
      observed: try things.squares.contents())

    let dying = try ChildProcess.start(DieWithLock(lock: things.lock), name: "dying")
    notes.step(dying.name, "takes the lock and \(try await dying.join())")
    notes.check("whether the next holder is told", is: true, observed: try await things.lock.acquire())
    try things.lock.release()
    notes.check("whether the one after is", is: false, observed: try await things.lock.acquire())
    try things.lock.release()
  }
}
