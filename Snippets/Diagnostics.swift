// Two locks that are taken in both orders: the diagnosis reports it, though nothing hangs. And what waits at an
// instant: who, where, for what.

import SkeinDiagnostics
import SkeinSync

Diagnostics.onReport { report in print(report) }
Diagnostics.start(.init(socket: false, lockOrder: true))

let checking = Lock(100, name: "checking")
let savings = Lock(100, name: "savings")

// One after the other, nothing hangs; at the same time, it could. The report says so at the second transfer.
checking.withLock { from in
  savings.withLock { to in
    from -= 10
    to += 10
  }
}
savings.withLock { from in
  checking.withLock { to in
    from -= 10
    to += 10
  }
}

// What waits at this instant: here a task that nobody serves.
let permits = Semaphore(permits: 0, name: "permits")
let task = Task(name: "customer") { try await permits.acquire() }
while permits.waiterCount == 0 { await Task.yield() }

let graph = Diagnostics.snapshot()
print(graph)
for deadlock in graph.deadlocks {
  print("\(deadlock.certainty): \(deadlock.parties) wait for \(deadlock.objects.map(\.name))")
}

task.cancel()
Diagnostics.stop()
