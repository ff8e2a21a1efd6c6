import Glibc
package import SkeinProcesses
import SkeinSync
package import SkeinWork

/// What the tests have a manager hold.
package struct ManagedThings: Codable, Sendable {
  package let scores: ManagedDictionary<String, Int>
  package let settings: ManagedNamespace
  package let lines: ManagedList<String>
  package let counter: ManagedCounter
  package let lock: ManagedLock
  package let queue: ManagedQueue<Int>

  package init(of manager: SharedManager, queueCapacity: Int? = nil) throws {
    scores = try manager.makeDictionary()
    settings = try manager.makeNamespace()
    lines = try manager.makeList()
    counter = try manager.makeCounter()
    lock = try manager.makeLock()
    queue = try manager.makeQueue(capacity: queueCapacity)
  }
}

/// Changes everything that a manager holds, so many times.
package struct UseManaged: RemoteFunction {
  package static let name = "use-managed"
  var things: ManagedThings
  var times: Int

  package init(_ things: ManagedThings, times: Int) { (self.things, self.times) = (things, times) }

  @available(*, noasync)
  package func run() throws -> Nothing {
    for round in 0..<times {
      try things.scores.update("all") { $0 = ($0 ?? 0) + 1 }
      try things.counter.add(1)
      try things.lines.append("\(getpid()) \(round)")
      try things.queue.put(round)
      try things.lock.withLock {
        let total = try things.settings.value(for: "total", as: Int.self) ?? 0
        try things.settings.set(total + 1, for: "total")
      }
    }
    return Nothing()
  }
}

/// Takes a lock of a manager, tells so, and stays until it is killed.
package struct HoldManaged: RemoteFunction {
  package static let name = "hold-managed"
  var lock: ManagedLock
  var connection: Connection

  package init(_ lock: ManagedLock, _ connection: Connection) {
    (self.lock, self.connection) = (lock, connection)
  }

  @available(*, noasync)
  package func run() throws -> Nothing {
    try lock.acquire()
    try connection.send("held")
    while true { pause() }
  }
}

/// Waits for an item of a manager's queue that nobody puts; its connection tells the process' id before.
package struct WaitManaged: RemoteFunction {
  package static let name = "wait-managed"
  var queue: ManagedQueue<Int>

  package init(_ queue: ManagedQueue<Int>) { self.queue = queue }

  @available(*, noasync)
  package func run() throws -> Nothing {
    _ = try queue.get()
    return Nothing()
  }
}

/// Asks a manager to make an error.
package struct MisuseManaged: RemoteFunction {
  package static let name = "misuse-managed"
  var lines: ManagedList<String>

  package init(_ lines: ManagedList<String>) { self.lines = lines }

  package func run() throws -> String { try lines.value(at: 7) }
}
