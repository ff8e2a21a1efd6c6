// Four downloads at a time at most, then more, while they run; and who has the tokens is known.

import SkeinSync

let downloads = CapacityLimiter(total: 4, name: "downloads")

await withTaskGroup { group in
  for page in 1...12 {
    group.addTask {
      try? await downloads.withToken {
        print("page \(page), with \(downloads.borrowedCount) of \(downloads.total)")
        await Task.yield()
      }
    }
  }
  downloads.total = 6
}

// A token can be borrowed for something that outlives the call, and given back in its name.
func borrow(for job: String) async throws {
  try await downloads.acquire(onBehalfOf: job)
  print("borrowers: \(downloads.statistics.borrowers)")
  do {
    try await downloads.acquire(onBehalfOf: job)
  } catch {
    print("once more: \(error)")
  }
  try downloads.release(onBehalfOf: job)
}

try await borrow(for: "job 7")
