import Glibc
package import SkeinProcesses
package import SkeinWork

/// Adds one to everything that is shared, so many times.
package struct AddToShared: RemoteFunction {
  package static let name = "add-to-shared"
  var value: SharedValue<Int32>
  var array: SharedArray<Int32>
  var counter: SharedCounter
  var times: Int

  package init(_ value: SharedValue<Int32>, _ array: SharedArray<Int32>, _ counter: SharedCounter, times: Int)
  {
    self.value = value
    self.array = array
    self.counter = counter
    self.times = times
  }

  @available(*, noasync)
  package func run() -> Nothing {
    for _ in 0..<times {
      value.withLock { $0 += 1 }
      array.withLock { elements in for index in elements.indices { elements[index] += 1 } }
      _ = counter.add(1)
    }
    return Nothing()
  }
}

/// Takes a permit and a lock, tells so, and stays until it is killed.
package struct HoldShared: RemoteFunction {
  package static let name = "hold-shared"
  var semaphore: SharedSemaphore
  var lock: SharedLock
  var connection: Connection

  package init(_ semaphore: SharedSemaphore, _ lock: SharedLock, _ connection: Connection) {
    self.semaphore = semaphore
    self.lock = lock
    self.connection = connection
  }

  @available(*, noasync)
  package func run() throws -> Nothing {
    semaphore.acquire()
    return try lock.withLock {
      try connection.send("held")
      while true { pause() }
    }
  }
}
