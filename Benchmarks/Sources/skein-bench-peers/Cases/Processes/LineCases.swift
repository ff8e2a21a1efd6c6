import Foundation
import SkeinProcesses
import SkeinWork

/// A child, and this end of the line to it.
struct LineToChild: Sendable {
  let connection: Connection
  let child: ChildProcess

  init(_ make: (_ connection: Connection) throws -> some RemoteFunction) throws {
    let (mine, theirs) = try Connection.makePair()
    defer { theirs.close() }
    connection = mine
    child = try ChildProcess.start(make(theirs), isDaemon: true)
  }
}

/// Messages there and back, items through a queue, and bytes in shared memory.
let lineCases: [MeasuredCase] =
  [("10", 10), ("1k", 1 << 10)].map { name, bytes in
    MeasuredCase("echo.\(name)", by: "Connection", on: { try LineToChild { EchoMessages(connection: $0) } }) {
      line, count in
      let message = Data(repeating: 7, count: bytes)
      await onPlainThread {
        for _ in 0..<count {
          must {
            try line.connection.sendBytes(message)
            _ = try line.connection.receiveBytes()
          }
        }
      }
    }
  }
  + largeSizes.map { name, bytes in
    MeasuredCase("echo.\(name)", by: "Connection", each: { try LineToChild { EchoMessages(connection: $0) } })
    {
      line in
      let message = Data(repeating: 7, count: bytes)
      await onPlainThread {
        must {
          try line.connection.sendBytes(message)
          _ = try line.connection.receiveBytes()
        }
      }
    }
  }
  + [("8", 8), ("1k", 1 << 10)].flatMap { name, bytes in
    [
      MeasuredCase("shared-queue.spsc.\(name)", by: "SharedQueue", on: { try QueueOut() }) { out, count in
        let item = Data(repeating: 7, count: bytes)
        await onPlainThread {
          must {
            for _ in 0..<count { try out.queue.put(item) }
            try out.queue.put(Data())
            _ = try out.line.connection.receive(Int.self)
          }
        }
      },
      MeasuredCase("shared-queue.mpsc.\(name)", by: "SharedQueue", on: { try QueueIn(bytes: bytes) }) {
        into, count in
        await onPlainThread {
          must {
            for line in into.lines { try line.connection.send(count / 2) }
            for _ in 0..<count { _ = try into.queue.get() }
          }
        }
      },
    ]
  }
  + [
    MeasuredCase("shared-memory.1m", by: "SharedArray", on: { try SharedBytes(count: 1 << 20) }) {
      shared, count in
      await onPlainThread {
        must {
          for _ in 0..<count {
            shared.memory.replace(with: shared.bytes)
            try shared.line.connection.send(1)
            _ = try shared.line.connection.receive(Int.self)
          }
        }
      }
    }
  ]

/// A queue to a child that takes.
private struct QueueOut: Sendable {
  let queue: SharedQueue<Data>
  let line: LineToChild

  init() throws {
    let queue = try SharedQueue<Data>(capacity: 1000)
    self.queue = queue
    line = try LineToChild { TakeItems(queue: queue, connection: $0) }
  }
}

/// A queue from two children that put.
private struct QueueIn: Sendable {
  let queue: SharedQueue<Data>
  let lines: [LineToChild]

  init(bytes: Int) throws {
    let queue = try SharedQueue<Data>(capacity: 1000)
    self.queue = queue
    lines = try (0..<2).map { _ in try LineToChild { PutItems(queue: queue, connection: $0, bytes: bytes) } }
  }
}

private struct SharedBytes: Sendable {
  let memory: SharedArray<UInt8>
  let bytes: [UInt8]
  let line: LineToChild

  init(count: Int) throws {
    let memory = try SharedArray<UInt8>(repeating: 0, count: count)
    self.memory = memory
    bytes = [UInt8](repeating: 7, count: count)
    line = try LineToChild { CopyShared(memory: memory, connection: $0) }
  }
}
