// A cache that loads what it does not have: the lock is held across the await, so that each page is fetched once.

import SkeinSync

let cache = AsyncLock([String: Int](), name: "cache")

func fetch(_ page: String) async throws -> Int {
  await Task.yield()
  print("\(page) is fetched")
  return page.count
}

func size(of page: String) async throws -> Int {
  try await cache.withLock { pages in
    if let size = pages[page] { return size }
    let size = try await fetch(page)
    pages[page] = size
    return size
  }
}

try await withThrowingTaskGroup { group in
  for page in ["home", "news", "home", "news"] {
    group.addTask { print("\(page) has \(try await size(of: page)) bytes") }
  }
  try await group.waitForAll()
}

// Taking it again would wait for ever: the forms that can tell do so.
try await cache.withLock { _ in
  do {
    try await cache.withLock(timeout: .seconds(1)) { _ in }
  } catch {
    print("from inside: \(error)")
  }
}
