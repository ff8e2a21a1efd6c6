// The server opens when all shards are loaded.

import SkeinSync

let isLoaded = Latch(count: 3, name: "shards")

let server = Task {
  try await isLoaded.wait()
  print("open")
}

for shard in 1...3 {
  Task {
    print("shard \(shard) is loaded")
    isLoaded.countDown()
  }
}

try await server.value
print("\(isLoaded.count) left to load")
