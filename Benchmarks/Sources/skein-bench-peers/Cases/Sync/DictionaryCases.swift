import SkeinSync
import Synchronization

private let keys: UInt64 = 100_000

/// What was read, so that the reads are not idle.
private let sum = Atomic<Int>(0)

let dictionaryCases = [("read", UInt64(5)), ("write", UInt64(50))].map { name, percent in
  MeasuredCase("dictionary.\(name)", by: "ThreadSafeDictionary") { operations in
    onThreads(4) { index in mix(filled, UInt64(index + 1), percent, operations / 4) }
  }
}

private let filled: ThreadSafeDictionary<Int, Int> = {
  let table = ThreadSafeDictionary<Int, Int>()
  for key in 0..<Int(keys) { table[key] = key }
  return table
}()

/// Reads and writes at random keys; `percent` of the operations write.
private func mix(
  _ table: ThreadSafeDictionary<Int, Int>, _ seed: UInt64, _ percent: UInt64, _ operations: Int
) {
  var (random, read) = (seed, 0)
  for _ in 0..<operations {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    let key = Int((random >> 32) % keys)
    if random % 100 < percent { table[key] = key } else { read &+= table[key] ?? 0 }
  }
  sum.wrappingAdd(read, ordering: .relaxed)
}
