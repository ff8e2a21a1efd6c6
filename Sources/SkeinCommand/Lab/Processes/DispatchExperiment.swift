internal import Glibc
internal import SkeinFutures
internal import SkeinProcesses
internal import SkeinWork

/// A task of the dispatcher's: it may be done again when its worker has died.
struct SquareTask: RemoteFunction {
  static let name = "lab.square-task"
  static let isIdempotent = true

  struct Answer: Codable, Sendable {
    var square: Int
    var processID: Int32
  }

  var number: Int

  func run() -> Answer {
    usleep(2000)
    return Answer(square: number * number, processID: getpid())
  }
}

/// The exercise: one process hands tasks out, several work, and one of them is killed.
struct DispatchExperiment: Experiment {
  let name = "dispatch"
  let section = "16.9"
  let title =
    "A dispatcher hands 200 tasks to three worker processes, and one of these is killed in the midst"
  let lesson = """
    The dispatcher knows what each worker was given. When one dies, another takes its place, and gets what is left: nothing \
    is lost, and what may be done twice is tried again.
    """
  let uses = ["TaskDispatcher", "RemoteFunction.isIdempotent", "SharedQueue"]

  func run(_ notes: LabNotes) async throws {
    let dispatcher = try TaskDispatcher(workers: 3, name: "worker")
    var tasks: [Future<SquareTask.Answer>] = []
    for number in 0..<200 { tasks.append(try await dispatcher.submit(SquareTask(number: number))) }
    let victim = try await tasks[50].value.processID
    kill(victim, SIGKILL)
    notes.step(nil, "after 51 answers, one of the three workers is killed")
    var (rightCount, shares) = (0, [Int32: Int]())
    for (number, task) in tasks.enumerated() {
      let answer = try await task.value
      if answer.square == number * number { rightCount += 1 }
      shares[answer.processID, default: 0] += 1
    }
    await dispatcher.shutdown()
    for (process, share) in shares.sorted(by: { $0.value > $1.value }) {
      notes.step(process == victim ? "killed" : "worker", "answered \(share) tasks")
    }
    notes.check("tasks with the right answer", is: 200, observed: rightCount)
    notes.check("workers that died", is: 1, observed: dispatcher.deathCount)
    notes.check("whether others went on", is: true, observed: shares.count >= 3 && shares[victim]! < 200)
  }
}
