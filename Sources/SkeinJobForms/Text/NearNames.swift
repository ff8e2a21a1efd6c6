internal import SkeinJobs

/// Names that somebody may have meant.
package enum NearNames {
  /// Those of `names` that differ from `name` in few letters, or begin as it does, the nearest first; at most
  /// three.
  package static func of(_ name: String, among names: [String]) -> [String] {
    let most = max(1, name.count / 3)
    let near = names.compactMap { candidate -> (String, Int)? in
      let distance = editDistance(name.lowercased(), candidate.lowercased())
      let isPrefix = name.count >= 2 && candidate.lowercased().hasPrefix(name.lowercased())
      return distance <= most || isPrefix ? (candidate, distance) : nil
    }
    return near.sorted { $0.1 < $1.1 }.prefix(3).map { $0.0 }
  }
}
