internal import FoundationEssentials
internal import SkeinJobs

/// A part of the screen that is a list.
enum TopSection: CaseIterable, Sendable {
  case queues, running, failures
}

/// In which order running jobs are shown.
enum TopSort: CaseIterable, Sendable {
  case longest, latest, progress, name, queue, worker

  /// The order, for people.
  var title: String {
    switch self {
    case .longest: "longest first"
    case .latest: "latest first"
    case .progress: "furthest first"
    case .name: "by name"
    case .queue: "by queue"
    case .worker: "by worker"
    }
  }

  /// The order after this one.
  var next: TopSort {
    let all = Self.allCases
    return all[(all.firstIndex(of: self)! + 1) % all.count]
  }

  /// Sorts; jobs that are equal stay in the order of their starts.
  func sorted(_ jobs: [TopJob]) -> [TopJob] {
    switch self {
    case .longest: jobs
    case .latest: jobs.reversed()
    case .progress: stable(jobs) { -($0.record.progress?.fraction ?? -1) }
    case .name: stable(jobs) { $0.record.kind.name }
    case .queue: stable(jobs) { $0.record.queue }
    case .worker: stable(jobs, by: \.worker)
    }
  }

  private func stable(_ jobs: [TopJob], by key: (TopJob) -> some Comparable) -> [TopJob] {
    jobs.enumerated().map { ($0.offset, key($0.element), $0.element) }
      .sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.2)
  }
}

/// What the person at the screen has chosen.
struct TopControls: Sendable {
  /// What a key asks of the one who draws.
  enum Action: Equatable, Sendable {
    case draw, quit, nothing
  }

  /// Further than any list reaches.
  private static let end = Int(Int32.max)

  /// Whether the screen stands still.
  private(set) var isPaused = false
  private(set) var sort = TopSort.longest
  /// Which list is scrolled.
  private(set) var focus = TopSection.running
  private var offsets: [TopSection: Int] = [:]
  /// How many rows the list in focus showed when it was last drawn.
  private var page = 1

  /// Follows a key.
  mutating func press(_ key: Key) -> Action {
    switch key {
    case .character("q"), .character("Q"): return .quit
    case .character("p"), .character(" "): isPaused.toggle()
    case .character("s"):
      sort = sort.next
      offsets[.running] = 0
    case .tab: focus = focus.next
    case .up, .character("k"): scroll(-1)
    case .down, .character("j"): scroll(1)
    case .pageUp: scroll(-page)
    case .pageDown: scroll(page)
    case .home, .character("g"): offsets[focus] = 0
    case .end, .character("G"): offsets[focus] = Self.end
    default: return .nothing
    }
    return .draw
  }

  private mutating func scroll(_ rows: Int) {
    offsets[focus] = max(0, (offsets[focus] ?? 0) + rows)
  }

  /// Which of its rows a list shows, when there is room for some of them.
  mutating func rows(of section: TopSection, count: Int, room: Int) -> Range<Int> {
    let offset = min(offsets[section] ?? 0, max(0, count - room))
    offsets[section] = offset
    if section == focus { page = max(1, room) }
    return offset..<min(count, offset + room)
  }
}

extension TopSection {
  fileprivate var next: TopSection {
    switch self {
    case .running: .failures
    case .failures: .queues
    case .queues: .running
    }
  }
}
