// A process that squares what it is sent, until its connection ends.

import SkeinProcesses
import SkeinWork

struct Squares: RemoteFunction {
  static let name = "squares"
  var connection: Connection

  func run() throws -> Nothing {
    do {
      while true {
        let number = try connection.receive(Int.self)
        try connection.send(number * number)
      }
    } catch ConnectionError.ended { return Nothing() }
  }
}

try await Skein.main([Squares.self]) {
  let (mine, theirs) = try Connection.makePair()
  let child = try ChildProcess.start(Squares(connection: theirs), name: "squares")
  theirs.close()
  try await mine.send(12)
  print(try await mine.receive(Int.self))
  mine.close()
  print("the process \(try await child.join())")
}
