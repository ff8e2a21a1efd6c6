internal import NIOCore
internal import SkeinNetwork
internal import SkeinSync

/// The chapter's echo server and its client.
struct EchoExperiment: Experiment {
  let name = "echo"
  let section = "16.4.6"
  let title = "A server sends back what it is sent; clients talk to it one by one and at once, and it ends"
  let lesson = """
    Each connection is a task on the thread that reads from its socket. A writer waits while the other side is behind, and a \
    server that is told to end closes its connections.
    """
  let uses = ["TCPServer", "TCPConnection.connect", "ByteReader", "ByteWriter"]

  func run(_ notes: LabNotes) async throws {
    let listening = Queue<TCPEndpoint>()
    let served = Lock(0)
    let server = Task {
      try await TCPServer.serve(port: 0, onListening: { _ = listening.tryPut($0) }) { connection in
        served.withLock { $0 += 1 }
        while let bytes = try await connection.reader.read() {
          try await connection.writer.write("Echo: ")
          try await connection.writer.write(bytes)
        }
      }
    }
    let endpoint = try await listening.get(timeout: .seconds(10))
    notes.step("server", "listens at \(endpoint)")

    var answers: [String] = []
    let client = try await TCPConnection.connect(to: endpoint)
    for message in ["Hello", "World", "Python"] {
      try await client.writer.write(message + "\n")
      let answer = try await client.reader.readLine(timeout: .seconds(10)) ?? ""
      notes.step("client", "sent “\(message)”, got “\(answer)”")
      answers.append(answer)
    }
    client.close()
    notes.check("the answers", is: ["Echo: Hello", "Echo: World", "Echo: Python"], observed: answers)

    let right = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<100 {
        group.addTask {
          let client = try await TCPConnection.connect(to: endpoint)
          try await client.writer.write("\(number)\n")
          return try await client.reader.readLine(timeout: .seconds(10)) == "Echo: \(number)" ? 1 : 0
        }
      }
      return try await group.reduce(0, +)
    }
    notes.check("right answers to 100 clients at once", is: 100, observed: right)

    let last = try await TCPConnection.connect(to: endpoint)
    try await last.writer.write("still here\n")
    _ = try await last.reader.readLine(timeout: .seconds(10))
    server.cancel()
    try await server.value
    notes.check("connections that were served", is: 102, observed: served.withLock { $0 })
    let end: ByteBuffer? = try await last.reader.read(timeout: .seconds(10))
    notes.check("what a client reads from a server that has ended", is: nil, observed: end?.readableBytes)
  }
}
