// A heartbeat each ten milliseconds, three times; and one that is cancelled.

import SkeinSync
import SkeinThreads

let heartbeat = RepeatingTimer(every: .milliseconds(10), limit: 3, name: "heartbeat") { print("alive") }
try heartbeat.start()
try heartbeat.join()
print("\(heartbeat.firedCount) times, \(heartbeat.missedCount) missed")

let enough = Semaphore(permits: 0, name: "enough")
let poll = RepeatingTimer(every: .milliseconds(1), after: .zero, pace: .fixedDelay, name: "poll") {
  enough.release()
}
try poll.start()
try enough.acquire(2)
poll.cancel()
try poll.join()
print("no action begins after a cancellation")
