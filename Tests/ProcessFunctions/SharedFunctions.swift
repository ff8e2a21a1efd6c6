import Glibc
package import SkeinProcesses
import SkeinSync
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

/// Puts numbers into a queue.
package struct PutNumbers: RemoteFunction {
  package static let name = "put-numbers"
  var queue: SharedQueue<Int>
  var numbers: Range<Int>

  package init(_ queue: SharedQueue<Int>, _ numbers: Range<Int>) {
    self.queue = queue
    self.numbers = numbers
  }

  @available(*, noasync)
  package func run() throws -> Nothing {
    for number in numbers { try queue.put(number) }
    return Nothing()
  }
}

/// Moves numbers from one queue to another until the first one ends.
package struct MoveNumbers: RemoteFunction {
  package static let name = "move-numbers"
  var source: SharedQueue<Int>
  var target: SharedQueue<Int>

  package init(from source: SharedQueue<Int>, to target: SharedQueue<Int>) {
    self.source = source
    self.target = target
  }

  @available(*, noasync)
  package func run() throws -> Nothing {
    do { while true { try target.put(source.get()) } } catch WaitError.closed { return Nothing() }
  }
}
