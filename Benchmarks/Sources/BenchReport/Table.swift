internal import Foundation
package import TextTable

/// Figures in columns; the first one, to the left, says what they are.
package struct Table {
  private struct Row {
    var cells: [String]
  }

  private let headings: [String]
  private let rows: [Row]

  /// Creates a table; every row has a cell for each heading.
  package init(headings: [String], rows: [[String]]) {
    self.headings = headings
    self.rows = rows.map(Row.init)
  }

  package func text(style: any TextTableStyle.Type) -> String {
    let table = TextTable<Row> { row in
      headings.indices.map {
        Column(title: headings[$0], value: row.cells[$0], align: $0 == 0 ? .left : .right)
      }
    }
    return table.string(for: rows, style: style).map { $0.trimmingCharacters(in: .newlines) } ?? ""
  }
}
