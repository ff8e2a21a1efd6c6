// Ten tasks share three connections: the fourth suspends until a permit comes back.

import SkeinSync

let connections = Semaphore(permits: 3, name: "connections")

await withTaskGroup { group in
  for page in 1...10 {
    group.addTask {
      do {
        try await connections.withPermit {
          print("page \(page) is fetched, \(connections.waiterCount) wait")
          await Task.yield()
        }
      } catch {
        print("page \(page) was not fetched: \(error)")
      }
    }
  }
}

// A wait can end without a permit, and says why. (A function of its own: at the top level of a file the
// compiler takes the blocking overload.)
func takePermit(timeout: Duration) async {
  do {
    try await connections.acquire(timeout: timeout)
    print("a permit came in time")
  } catch {
    print("no permit: \(error)")
  }
}

connections.close()
await takePermit(timeout: .seconds(1))
