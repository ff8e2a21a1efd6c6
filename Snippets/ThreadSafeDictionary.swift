// Words are counted by several tasks at once; what is computed is computed once.

import SkeinSync

let counts = ThreadSafeDictionary<String, Int>(name: "counts")

await withTaskGroup { group in
  for line in ["a skein is a length of thread", "a skein is a flock in flight"] {
    group.addTask {
      // One atomic step each, though it reads, adds and writes.
      for word in line.split(separator: " ") { counts[String(word), default: 0] += 1 }
    }
  }
}
print(counts["skein"] ?? 0, counts.count)

let lengths: ThreadSafeDictionary<String, Int> = [:]
let length = lengths.value(forKey: "thread", orInsert: { "thread".count })
print(length)

// Only one of those who try gets the job.
let owners = ThreadSafeDictionary<String, Int>()
print(owners.compareExchange(forKey: "job", expected: nil, desired: 7).exchanged)
print(owners.compareExchange(forKey: "job", expected: nil, desired: 8).exchanged)

// Everything at one instant, to be looked through at leisure.
for (word, count) in counts.snapshot().sorted(by: { $0.key < $1.key }) { print(word, count) }
