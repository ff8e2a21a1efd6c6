internal import SkeinProcesses
internal import SkeinSync
internal import SkeinWork

/// The chapter's `producer`: puts items, and ends the queue.
struct ProduceItems: RemoteFunction {
  static let name = "lab.produce-items"
  var queue: SharedQueue<String>
  var items: [String]

  @available(*, noasync)
  func run() throws -> Nothing {
    for item in items { try queue.put(item) }
    queue.close()
    return Nothing()
  }
}

/// The chapter's `consumer`: takes items until the end, and tells of each.
struct ConsumeItems: RemoteFunction {
  static let name = "lab.consume-items"
  var queue: SharedQueue<String>
  var connection: Connection

  @available(*, noasync)
  func run() throws -> Nothing {
    do {
      while true { try connection.send(try queue.get()) }
    } catch WaitError.closed { return Nothing() }
  }
}

/// A queue between a process that produces and one that consumes.
struct IPCQueueExperiment: Experiment {
  let name = "ipc-queue"
  let section = "16.3.2"
  let title = "One process puts five items into a queue of two, another one takes them until the end"
  let lesson = """
    A queue between processes is bounded, so that the faster one waits for the slower. Its end is no item: it is closed, and \
    whoever takes is told once it is empty.
    """
  let uses = ["SharedQueue", "SharedQueue.close", "ChildProcess"]

  func run(_ notes: LabNotes) async throws {
    let items = (0..<5).map { "Item-\($0)" }
    let queue = try SharedQueue<String>(capacity: 2)
    let (mine, theirs) = try Connection.makePair()
    let producer = try ChildProcess.start(ProduceItems(queue: queue, items: items), name: "producer")
    let consumer = try ChildProcess.start(ConsumeItems(queue: queue, connection: theirs), name: "consumer")
    theirs.close()
    var consumed: [String] = []
    do {
      while true {
        let item = try await mine.receive(String.self)
        notes.step("consumer", "took \(item)")
        consumed.append(item)
      }
    } catch ConnectionError.ended {}
    let exits = [try await producer.join(), try await consumer.join()]
    notes.check("what was consumed", is: items, observed: consumed)
    notes.check("how both ended", is: [.exited(0), .exited(0)], observed: exits)
    notes.check("whether the queue is at its end", is: true, observed: queue.isClosed && queue.count == 0)
  }
}
