internal import HTTPTypes

/// A response has few fields: to look at each of them is less than to make the index by which the type itself finds them.
extension HTTPFields {
  /// Whether there is a field of a name.
  ///
  /// - Complexity: O(fields).
  func has(_ name: HTTPField.Name) -> Bool { contains { $0.name == name } }

  /// Makes a value the only one of a name.
  ///
  /// - Complexity: O(fields).
  mutating func put(_ value: String, _ name: HTTPField.Name) {
    if has(name) { self[name] = value } else { append(HTTPField(name: name, value: value)) }
  }
}
