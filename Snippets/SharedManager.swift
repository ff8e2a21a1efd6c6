// Objects that all processes work on, and tasks that several of them do.

import SkeinFutures
import SkeinProcesses
import SkeinWork

struct CountWords: RemoteFunction {
  static let name = "count-words"
  static let isIdempotent = true
  var text: String

  func run() -> [String: Int] {
    Dictionary(text.split(separator: " ").map { (String($0), 1) }, uniquingKeysWith: +)
  }
}

struct AddTotals: RemoteFunction {
  static let name = "add-totals"
  var counts: [String: Int]
  var totals: ManagedDictionary<String, Int>

  func run() throws -> Nothing {
    for (word, count) in counts { try totals.update(word) { $0 = ($0 ?? 0) + count } }
    return Nothing()
  }
}

try await Skein.main([CountWords.self, AddTotals.self]) {
  let dispatcher = try TaskDispatcher(workers: 2)
  var counts: [Future<[String: Int]>] = []
  for text in ["a rose is a rose", "is a rose"] {
    counts.append(try await dispatcher.submit(CountWords(text: text)))
  }

  let manager = try SharedManager()
  let totals: ManagedDictionary<String, Int> = try manager.makeDictionary()
  for count in counts {
    let child = try ChildProcess.start(AddTotals(counts: try await count.value, totals: totals))
    try await child.join()
  }
  for (word, total) in try totals.contents().sorted(by: { $0.key < $1.key }) { print(word, total) }
  await dispatcher.shutdown()
}
