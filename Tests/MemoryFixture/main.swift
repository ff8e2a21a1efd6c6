import FoundationEssentials
import Glibc
import SkeinProcesses
import SkeinWork

/// What the tests share with this program; they have the same type.
struct SharedThings: Codable {
  var lock: SharedLock
  var semaphore: SharedSemaphore
  var event: SharedEvent
  var value: SharedValue<Int>
  var counter: SharedCounter
  var barrier: SharedBarrier
  var condition: SharedCondition
}

/// Tells the test that this program has come so far.
func tell(_ word: String) {
  print(word)
  fflush(nil)
}

// The message is an argument, and its files are the descriptors from 3 on.
let received = DescriptorTransfer(received: Array(3..<11))
let things = try DescriptorTransfer.$current.withValue(received) {
  try JSONCodec().decode(SharedThings.self, from: Data(CommandLine.arguments[2].utf8))
}

/// Waits to be killed.
func waitForEnd() -> Never {
  tell("ready")
  while true { pause() }
}

func perform(_ role: String) throws {
  switch role {
  case "hold-lock": things.lock.withLock { waitForEnd() }
  case "hold-permit":
    things.semaphore.acquire()
    waitForEnd()
  case "await":
    _ = try things.condition.lock.withLock { try things.condition.wait() }
    tell("notified")
  case "meet":
    tell("ready")
    tell("\((try? things.barrier.wait()).map(String.init) ?? "broken")")
  case "wait":
    tell("ready")
    things.event.wait()
    tell("set")
  default:
    for round in 0..<(Int(role) ?? 0) {
      things.value.withLock { $0 += 1 }
      if round % 8 == 0 { things.semaphore.withPermit { _ = things.counter.add(1) } }
    }
  }
}

try perform(CommandLine.arguments[1])
