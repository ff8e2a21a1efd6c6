import Foundation
import HTTPTypes
import SkeinJobForms
import SkeinNetwork
import Testing

@testable import SkeinDashboard

/// The document that describes the API, as what answers are checked by.
///
/// Of JSON Schema it knows what the document uses: references, types, properties, required and additional ones, items,
/// enumerations, bounds, formats of times and ids, and one of several.
///
/// Sendable because what was read is never changed.
struct OpenAPIDocument: @unchecked Sendable {
  let root: [String: Any]

  // A document that can not be read fails every test that asks for it.
  static let shared = try! OpenAPIDocument()

  init() throws {
    root = try #require(
      try JSONSerialization.jsonObject(with: Data(PackageResources.openapi_json)) as? [String: Any])
  }

  var paths: [String: [String: Any]] { root["paths"] as? [String: [String: Any]] ?? [:] }

  /// The operations, as `GET /jobs`.
  var operations: Set<String> {
    Set(
      paths.flatMap { path, item in
        item.keys.filter { $0 != "parameters" }.map { "\($0.uppercased()) \(path)" }
      })
  }

  /// Checks an answer of the API.
  func check(_ answer: TestDashboard.Answer, to method: HTTPRequest.Method, _ path: String) throws {
    let parts = path.dropFirst("/api/v1".count).split(separator: "/")
    guard
      let item = paths.first(where: { Self.fits(parts, $0.key.split(separator: "/")) })?.value,
      let operation = item[method.rawValue.lowercased()] as? [String: Any]
    else {
      #expect([404, 405].contains(answer.status), "\(method) \(path) is not described")
      return
    }
    let responses = try #require(operation["responses"] as? [String: Any])
    let found = responses["\(answer.status)"] ?? (answer.status >= 400 ? responses["default"] : nil)
    let response = try #require(
      resolve(found), "\(method) \(path) is not said to answer \(answer.status): \(answer.body)")
    guard let content = response["content"] as? [String: Any] else {
      #expect(answer.body.isEmpty)
      return
    }
    let type = String((answer.headers[.contentType] ?? "").prefix { $0 != ";" })
    let media = try #require(content[type] as? [String: Any], "\(method) \(path) answers \(type)")
    guard type.hasSuffix("json"), let schema = media["schema"] else { return }
    let value = try #require(JSONValue(Data(answer.body.utf8)), "\(method) \(path) answers no JSON")
    let faults = faults(of: value, schema, at: "\(method) \(path)")
    #expect(faults.isEmpty, "\(faults.joined(separator: "; ")) in \(answer.body.prefix(2000))")
  }

  private static func fits(_ parts: [Substring], _ pattern: [Substring]) -> Bool {
    parts.count == pattern.count && zip(parts, pattern).allSatisfy { $1.hasPrefix("{") || $0 == $1 }
  }

  private func resolve(_ value: Any?) -> [String: Any]? {
    guard let value = value as? [String: Any] else { return nil }
    guard let reference = value["$ref"] as? String else { return value }
    var place: Any? = root
    for name in reference.dropFirst(2).split(separator: "/") {
      place = (place as? [String: Any])?[String(name)]
    }
    return place as? [String: Any]
  }

  /// What of a value does not fit a schema.
  func faults(of value: JSONValue, _ schema: Any, at place: String) -> [String] {
    guard let schema = resolve(schema) else { return ["\(place): the schema is missing"] }
    if let choices = schema["oneOf"] as? [Any] {
      let fitting = choices.filter { faults(of: value, $0, at: place).isEmpty }
      if fitting.count != 1 { return ["\(place): fits \(fitting.count) of the alternatives"] }
    }
    var found: [String] = []
    if let wanted = schema["enum"] as? [String], !wanted.contains(where: { .string($0) == value }) {
      found.append("\(place): \(value) is none of \(wanted)")
    }
    switch schema["type"] as? String {
    case "object": found += objectFaults(value, schema, place)
    case "array":
      guard case .array(let values) = value else { return ["\(place): no array"] }
      if let items = schema["items"] {
        found += values.enumerated().flatMap { faults(of: $1, items, at: "\(place)[\($0)]") }
      }
    case "string": found += stringFaults(value, schema, place)
    case "boolean": if case .bool = value {} else { found.append("\(place): no boolean") }
    case let type? where type == "integer" || type == "number":
      guard let number = Self.number(value) else { return ["\(place): no number"] }
      if type == "integer", number != number.rounded() { found.append("\(place): no integer") }
      if let least = schema["minimum"] as? Double, number < least { found.append("\(place): too small") }
      if let most = schema["maximum"] as? Double, number > most { found.append("\(place): too large") }
    default: break
    }
    return found
  }

  private func objectFaults(_ value: JSONValue, _ schema: [String: Any], _ place: String) -> [String] {
    guard case .object(let values) = value else { return ["\(place): no object"] }
    let properties = schema["properties"] as? [String: Any] ?? [:]
    let missing = (schema["required"] as? [String] ?? []).filter { values[$0] == nil }
    let unknown =
      schema["additionalProperties"] as? Bool == false ? values.keys.filter { properties[$0] == nil } : []
    return missing.map { "\(place).\($0) is missing" } + unknown.map { "\(place).\($0) is not described" }
      + values.flatMap { name, value in
        properties[name].map { faults(of: value, $0, at: "\(place).\(name)") } ?? []
      }
  }

  private func stringFaults(_ value: JSONValue, _ schema: [String: Any], _ place: String) -> [String] {
    guard case .string(let text) = value else { return ["\(place): no string"] }
    switch schema["format"] as? String {
    case "date-time":
      let isTime = (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)) != nil
      return isTime ? [] : ["\(place): no time"]
    case "uuid": return UUID(uuidString: text) == nil ? ["\(place): no id"] : []
    default: return []
    }
  }

  private static func number(_ value: JSONValue) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .unsigned(let number): Double(number)
    case .number(let number): number
    default: nil
    }
  }
}
