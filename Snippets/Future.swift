// Steps of work, each of which begins when the one before is done; and a result that comes by a callback.

import SkeinFutures

func store(_ source: String, in pool: ThreadPool) async throws -> Future<String> {
  try await pool.submit { "raw data from \(source)" }
    .flatMap { raw in try pool.trySubmit { raw.replacing("raw", with: "parsed") } }
    .flatMap { parsed in try pool.trySubmit { "stored: \(parsed)" } }
    .recover { error in "nothing, because \(error)" }
}

try await withThreadPool(threads: 2, name: "pipeline") { pool in
  let stored = try await store("database", in: pool)
  print(try await stored.value)
}

/// A library that calls back.
func load(_ done: @escaping @Sendable (Int) -> Void) { done(42) }

let promise = Promise<Int>()
load { number in promise.tryComplete(with: .success(number)) }
print(try await promise.future.map { $0 + 1 }.value)
