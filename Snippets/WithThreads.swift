// Threads that have all ended when the call returns.

import SkeinSync
import SkeinThreads

let parts = [1...250, 251...500, 501...750, 751...1000]
let total = Lock(0, name: "total")
try withThreads { scope in
  for part in parts {
    try scope.start(name: "part \(part)") {
      let sum = part.reduce(0, +)
      total.withLock { $0 += sum }
    }
  }
}
print("the sum is \(total.withLock { $0 })")

// What threads throw comes together.
struct Refused: Error {}
do {
  try withThreads { scope in
    for name in ["first", "second"] { _ = try scope.start(name: name) { throw Refused() } }
  }
} catch let error as ThreadScopeError {
  print(error.failures.map(\.threadName))
}
