/// Names of time zones that somebody may have meant.
enum NearZones {
  /// Those of `names` of which the whole or the city is spelled much like that of `name`, the nearest first;
  /// at most three.
  static func of(_ name: String, among names: [String]) -> [String] {
    let wanted = plain(name)
    let near = names.compactMap { candidate -> (name: String, distance: Int)? in
      let candidateText = plain(candidate)
      let whole = distance(wanted[...], to: candidateText[...], atMost: wanted.count / 6)
      let city = distance(city(of: wanted), to: city(of: candidateText), atMost: city(of: wanted).count / 4)
      return [whole, city].compactMap(\.self).min().map { (candidate, $0) }
    }
    return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
  }

  /// In small letters, with underscores for spaces, as bytes.
  private static func plain(_ name: String) -> [UInt8] {
    name.lowercased().utf8.prefix(100).map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "_") : $0 }
  }

  private static func city(of name: [UInt8]) -> ArraySlice<UInt8> {
    name.split(separator: UInt8(ascii: "/")).last ?? []
  }

  private static func distance(
    _ wanted: ArraySlice<UInt8>, to candidate: ArraySlice<UInt8>, atMost most: Int
  ) -> Int? {
    let distance = editDistance(wanted, candidate)
    return distance <= max(1, most) ? distance : nil
  }
}
