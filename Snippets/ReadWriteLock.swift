// A table of routes that is read by every request and changed now and then.

import SkeinSync

let routes = ReadWriteLock(["/": "index"], name: "routes")

// Readers are inside together, and get the state borrowed: nothing is copied.
print(routes.withReadLock { $0["/"] ?? "none" })

routes.withWriteLock { $0["/about"] = "about" }

// What is slow and only looks need not keep readers out: other writers stay out until it is done.
let size = routes.withWriteLock {
  $0["/help"] = "help"
} downgraded: { table in
  table.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
}
print("\(size) bytes")

do {
  let count = try routes.tryReadLock { $0.count }
  print(count.map { "\($0) routes" } ?? "a writer is about")
  try routes.withWriteLock(timeout: .milliseconds(10)) { $0["/old"] = nil }
} catch {
  print("not changed: \(error)")
}
