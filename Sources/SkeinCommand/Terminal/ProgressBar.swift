internal import SkeinJobForms

/// A bar that fills up, as text.
struct ProgressBar: Sendable {
  /// From 0 to 1.
  var fraction: Double
  /// What stands behind it.
  var label: String

  /// The bar in a line of a terminal: it takes a third of the width, at most 40 columns.
  func text(width: Int) -> String {
    let cells = min(40, max(4, width / 3))
    let full = Int((min(max(fraction, 0), 1) * Double(cells)).rounded(.down))
    let bar = String(repeating: "█", count: full) + String(repeating: "░", count: cells - full)
    return Text.cut(
      "\(bar) \(Text.padded("\(Int(fraction * 100))%", to: 4, onLeft: true))  \(label)", to: width)
  }
}
