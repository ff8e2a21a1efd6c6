// Producers and consumers: a bounded queue holds back whoever is faster.

import SkeinSync

func countWords(ofPages count: Int) async throws {
  let pages = Queue<String>(capacity: 64, name: "pages")

  // A consumer may be a task…
  let counting = Task {
    var words = 0
    for await page in pages {
      words += page.split(separator: " ").count
      pages.taskDone()
    }
    return words
  }

  // …and a producer another one, or a thread that calls `try pages.put(…)`.
  for number in 1...count {
    try await pages.put("page \(number) has five words")
  }

  // No sentinels: what was put is still given out, then every get is refused and the loop ends.
  pages.shutdown(.drain)
  try await pages.join()
  print("\(await counting.value) words; \(pages.statistics.peak) pages at once at the most")
}

try await countWords(ofPages: 100)
