internal import SkeinProcesses

/// Messages between processes.
struct PipeExperiment: Experiment {
  let name = "pipe"
  let section = "16.3.2"
  let title = "One process sends four words, this one receives them: whole, in order, and then the end"
  let lesson = """
    A message arrives as it was sent, however long it is. The end needs no last message: it is seen when all copies of \
    the other end are closed, or its process has ended.
    """
  let uses = ["Connection.makePair", "Connection.send", "Connection.receive", "ConnectionError.ended"]

  func run(_ notes: LabNotes) async throws {
    let words = ["Hello", "World", "Swift", "Concurrency"]
    let (mine, theirs) = try Connection.makePair()
    let child = try ChildProcess.start(SendWords(connection: theirs, words: words), name: "sender")
    // The child has its own now; with this one open, the end would never come.
    theirs.close()
    var received: [String] = []
    var end = "none"
    do {
      while true {
        let word = try await mine.receive(String.self)
        received.append(word)
        notes.step("receiver", "got “\(word)”")
      }
    } catch ConnectionError.ended { end = "the end" }
    try await child.join()
    notes.check("what came", is: words, observed: received)
    notes.check("what came after that", is: "the end", observed: end)
  }
}
