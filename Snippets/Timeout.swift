// Work that takes too long is cancelled, and what it had left to do knows how much time there was.

import SkeinAsync
import SkeinSync

let answer = Event(name: "answer")

do {
  try await withTimeout(.milliseconds(50)) {
    if let deadline = TaskDeadline.current {
      print("there are \(deadline.remaining) left of \(deadline.timeout)")
    }
    try await answer.wait()
  }
} catch let error as TimeoutError {
  print("timeout: \(error)")
} catch {
  print("failure: \(error)")
}

// The nearest deadline counts: an inner timeout can not extend an outer one.
do {
  try await withTimeout(.milliseconds(10)) {
    try await withTimeout(.seconds(60)) { try await answer.wait() }
  }
} catch {
  print("outer timeout: \(error)")
}
