extension RandomAccessCollection {
  /// The first index whose element, and so all that follow, satisfy a condition; the end when there is none.
  ///
  /// - Parameter isAfter: the condition; once it holds for an element it holds for all behind it.
  /// - Complexity: O(log(count)).
  package func partitioningIndex(where isAfter: (Element) throws -> Bool) rethrows -> Index {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = index(low, offsetBy: distance(from: low, to: high) / 2)
      if try isAfter(self[middle]) { high = middle } else { low = index(after: middle) }
    }
    return low
  }
}
