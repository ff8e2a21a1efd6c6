// A server that answers line by line, and a client of it.

import SkeinNetwork
import SkeinSync

func countCharacters(of connection: TCPConnection) async throws {
  for try await line in connection.reader.lines {
    try await connection.writer.write("\(line.count) characters\n", timeout: .seconds(5))
  }
}

func talk(to endpoint: TCPEndpoint) async throws {
  let connection = try await TCPConnection.connect(to: endpoint, timeout: .seconds(5))
  try await connection.writer.write("hello\n")
  print(try await connection.reader.readLine(timeout: .seconds(5)) ?? "nothing")
}

func run() async throws {
  let listening = Queue<TCPEndpoint>()
  let server = Task {
    try await TCPServer.serve(
      port: 0, onListening: { _ = listening.tryPut($0) }, handler: countCharacters)
  }
  try await talk(to: try await listening.get())
  server.cancel()
  try await server.value
}

try await run()
