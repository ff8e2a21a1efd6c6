internal import SkeinJobForms
internal import TextTable

/// The package's column: its type has the name of its module, which hides it inside ``Table``.
private typealias PackageColumn = Column

/// Rows under titled columns. On a terminal they are fitted to its width; in a pipe they are tab-separated,
/// complete and without titles.
struct Table: Sendable {
  /// A column.
  struct Column: Sendable {
    var title: String
    /// Whether it is aligned at its right end: numbers.
    var isNumber = false
    /// To how many columns of the terminal it may be cut; `nil` when it may not be.
    var minimum: Int?
    /// When space is short, the column with the highest rank goes first; one of rank 0 stays.
    var rank = 0
  }

  /// A field.
  struct Cell: Sendable, ExpressibleByStringInterpolation {
    /// What a person reads.
    var text: String
    /// What a program reads, where that differs; it may hold tabs of its own, but no line feed.
    var exact: String?
    var paint: Paint?

    init(_ text: String, exact: String? = nil, paint: Paint? = nil) {
      self.text = text
      self.exact = exact
      self.paint = paint
    }

    init(stringLiteral text: String) { self.init(text) }
  }

  var columns: [Column]
  var rows: [[Cell]] = []

  /// Takes a column away in which no row says anything.
  mutating func leaveOutEmptyColumn(_ title: String) {
    guard let index = columns.firstIndex(where: { $0.title == title }),
      rows.allSatisfy({ $0[index].text.isEmpty })
    else { return }
    columns.remove(at: index)
    for row in rows.indices { rows[row].remove(at: index) }
  }

  /// The table as text, each line ended.
  func text(for terminal: Terminal) -> String {
    terminal.isTerminal ? fitted(terminal) : tabSeparated
  }

  private var tabSeparated: String {
    rows.map { row in row.map { $0.exact ?? Text.printable($0.text) }.joined(separator: "\t") + "\n" }
      .joined()
  }

  private func fitted(_ terminal: Terminal) -> String {
    guard !rows.isEmpty else { return "" }
    let natural = columns.indices.map { index in
      rows.reduce(Text.width(columns[index].title)) { max($0, Text.width(Text.printable($1[index].text))) }
    }
    let layout = TableLayout(columns: columns, natural: natural, width: terminal.width)
    let table = TextTable<[Cell]> { row in
      layout.visible.map { index in
        let title = terminal.paint(fit(columns[index].title, index, layout), .bold)
        let value = terminal.paint(fit(Text.printable(row[index].text), index, layout), row[index].paint)
        return PackageColumn(title: title, value: value)
      }
    }
    return table.string(for: rows, style: Fitted.self) ?? ""
  }

  private func fit(_ text: String, _ index: Int, _ layout: TableLayout) -> String {
    let cut = Text.cut(text, to: layout.widths[index])
    let isNumber = columns[index].isNumber
    guard isNumber || index != layout.visible.last else { return cut }
    return Text.padded(cut, to: layout.widths[index], onLeft: isNumber)
  }
}

/// Which columns are shown, and how wide.
///
/// Columns are cut, the widest first, down to their minimum; when that is not enough, those of the highest
/// rank are left out.
struct TableLayout: Equatable {
  static let gap = 2

  var visible: [Int]
  var widths: [Int]

  init(columns: [Table.Column], natural: [Int], width: Int) {
    let least = columns.indices.map { min(natural[$0], columns[$0].minimum ?? natural[$0]) }
    visible = Array(columns.indices)
    widths = natural
    while Self.total(least, visible) > width, let next = Self.mostExpendable(visible, columns) {
      visible.removeAll { $0 == next }
    }
    while Self.total(widths, visible) > width, let widest = Self.widest(visible, widths, above: least) {
      widths[widest] -= 1
    }
  }

  private static func total(_ widths: [Int], _ visible: [Int]) -> Int {
    visible.reduce(0) { $0 + widths[$1] } + gap * max(0, visible.count - 1)
  }

  private static func mostExpendable(_ visible: [Int], _ columns: [Table.Column]) -> Int? {
    visible.filter { columns[$0].rank > 0 }.max { columns[$0].rank < columns[$1].rank }
  }

  private static func widest(_ visible: [Int], _ widths: [Int], above least: [Int]) -> Int? {
    visible.filter { widths[$0] > least[$0] }.max { widths[$0] < widths[$1] }
  }
}

/// The style of tables whose fields are fitted already: the package's own styles count colour as width.
private enum Fitted: TextTableStyle {
  static func prepare(_ text: String, for column: PackageColumn) -> String { text }
  static func escape(_ text: String) -> String { text }
  static func begin(_ table: inout String, index: Int, columns: [PackageColumn]) {}
  static func end(_ table: inout String, index: Int, columns: [PackageColumn]) {}

  static func header(_ table: inout String, index: Int, columns: [PackageColumn]) {
    append(&table, columns.map { $0.headerString(for: self) })
  }

  static func row(_ table: inout String, index: Int, columns: [PackageColumn]) {
    append(&table, columns.map { $0.string(for: self) })
  }

  private static func append(_ table: inout String, _ fields: [String]) {
    table += fields.joined(separator: String(repeating: " ", count: TableLayout.gap)) + "\n"
  }
}
