/// How many elements must be put in, taken out or replaced to make one row of elements of another.
///
/// - Complexity: O(left · right).
/// - Source: V. Levenshtein, 1966, in the form with one row.
package func editDistance<Left: Collection, Right: Collection>(_ left: Left, _ right: Right) -> Int
where Left.Element: Equatable, Left.Element == Right.Element {
  let right = Array(right)
  var row = Array(0...right.count)
  for (index, element) in left.enumerated() {
    var diagonal = row[0]
    row[0] = index + 1
    for place in right.indices {
      let replaced = diagonal + (element == right[place] ? 0 : 1)
      diagonal = row[place + 1]
      row[place + 1] = min(replaced, row[place] + 1, row[place + 1] + 1)
    }
  }
  return row[right.count]
}
