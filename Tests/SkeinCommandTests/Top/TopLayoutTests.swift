import Testing

@testable import SkeinCommand

@Suite struct TopLayoutTests {
  private func layout(
    _ height: Int, _ queues: Int, _ running: Int, _ failures: Int, focus: TopSection = .running
  ) -> TopLayout {
    TopLayout(
      height: height, counts: [.queues: queues, .running: running, .failures: failures], focus: focus)
  }

  /// How many lines are used, when these lists are empty.
  private func lines(_ layout: TopLayout, empty: Set<TopSection>) -> Int {
    layout.rows.reduce(layout.header + 1) { sum, list in
      sum + list.value + (layout.hasHeadings ? 1 : 0) + (empty.contains(list.key) ? 0 : 1)
    }
  }

  @Test("no more lines are given away than there are, and no list gets more than it wants", arguments: 3...60)
  func sum(_ height: Int) {
    for focus in TopSection.allCases {
      for (queues, running, failures) in [(0, 0, 0), (1, 1, 1), (3, 4, 50), (90, 4, 0), (5, 900, 50)] {
        let layout = layout(height, queues, running, failures, focus: focus)
        let empty = Set([(TopSection.queues, queues), (.running, running)].filter { $0.1 == 0 }.map(\.0))
        #expect(lines(layout, empty: empty) <= max(height, 3), "\(layout)")
        #expect((layout.rows[.queues] ?? 0) <= max(1, queues))
        #expect((layout.rows[.running] ?? 0) <= max(1, running))
        #expect((layout.rows[.failures] ?? 0) <= failures)
      }
    }
  }

  @Test("the list in focus has at least a row from five lines on")
  func least() {
    for focus in TopSection.allCases {
      for height in 5...60 { #expect(layout(height, 9, 9, 9, focus: focus).rows[focus] ?? 0 >= 1) }
    }
  }

  @Test("what is alive comes first: failures take what is left")
  func priorities() {
    #expect(layout(5, 9, 9, 9).rows == [.running: 1])
    #expect(layout(9, 9, 9, 9).rows == [.running: 2, .queues: 1])
    #expect(layout(24, 9, 40, 9).rows == [.running: 9, .queues: 6])
    #expect(layout(24, 2, 3, 9).rows == [.running: 3, .queues: 2, .failures: 8])
    #expect(layout(40, 2, 3, 9).rows == [.running: 3, .queues: 2, .failures: 9])
    #expect(layout(24, 9, 40, 9, focus: .failures).rows == [.running: 1, .queues: 6, .failures: 6])
  }
}
