/// How the lines of the screen are shared out.
///
/// | part | gets |
/// |---|---|
/// | header | two to four lines |
/// | the list in focus, running jobs, queues | a row each, in this order, as far as there is room |
/// | queues | up to a third |
/// | the list in focus, running jobs, queues, failures | what they want, in this order, while there is room |
/// | footer | a line |
///
/// A list that is not empty also takes the line of its titles; where there is room, each takes one more, that says
/// what it is.
struct TopLayout: Equatable, Sendable {
  /// From so many lines between header and footer on, lists have a line that says what they are.
  private static let roomy = 12

  private(set) var header: Int
  private(set) var hasHeadings: Bool
  /// How many rows each list shows; those that are left out are not shown at all.
  private(set) var rows: [TopSection: Int] = [:]

  private var room: Int
  private var empty: Set<TopSection> = []

  /// Shares out.
  ///
  /// - Parameters:
  ///   - height: how many lines there are, header and footer included.
  ///   - counts: how many rows each list has. An empty list takes a row to say so, but failures do not.
  ///   - focus: the list that comes first.
  init(height: Int, counts: [TopSection: Int], focus: TopSection) {
    header = min(4, max(2, height - 6))
    room = max(0, height - header - 1)
    hasHeadings = room >= Self.roomy
    let wants = Dictionary(
      uniqueKeysWithValues: TopSection.allCases.map { section in
        (section, max(section == .failures ? 0 : 1, counts[section] ?? 0))
      })
    empty = Set(TopSection.allCases.filter { (counts[$0] ?? 0) == 0 })
    for section in [focus, .running, .queues] { grow(section, to: min(1, wants[section]!)) }
    grow(.queues, to: min(wants[.queues]!, max(1, (height - header - 1) / 3)))
    for section in [focus, .running, .queues, .failures] { grow(section, to: wants[section]!) }
  }

  private mutating func grow(_ section: TopSection, to count: Int) {
    let now = rows[section]
    let frame = now == nil ? (hasHeadings ? 1 : 0) + (empty.contains(section) ? 0 : 1) : 0
    let more = min(count - (now ?? 0), room - frame)
    guard more > 0 else { return }
    rows[section] = (now ?? 0) + more
    room -= more + frame
  }
}
