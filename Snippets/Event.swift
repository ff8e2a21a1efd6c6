// A thread tells tasks and threads that it is ready; who asks too early waits.

import SkeinSync

let isReady = Event(name: "ready")

let tasks = (1...2).map { number in
  Task {
    try await isReady.wait()
    print("task \(number) goes on")
  }
}

isReady.set()
for task in tasks { try await task.value }

// Cleared, it can be waited for again; here in vain.
isReady.reset()

func waitShortly() async {
  do {
    try await isReady.wait(timeout: .milliseconds(10))
  } catch {
    print("not ready: \(error)")
  }
}

await waitShortly()
