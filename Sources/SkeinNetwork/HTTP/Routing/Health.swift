internal import HTTPTypes
internal import SkeinSync

/// Whether a program is ready for requests: for who sends it some, or starts it anew.
///
/// ```swift
/// let readiness = Readiness()
/// router.addHealth(readiness)          // GET /health, GET /ready
/// readiness.set("database", isReady: false)
/// ```
public final class Readiness: Sendable {
  private let parts = Lock<[String: Bool]>([:], internalTo: "Readiness")

  /// Creates one that is ready.
  public init() {}

  /// Says whether a part of the program is ready.
  public func set(_ part: String, isReady: Bool) { parts.withLock { $0[part] = isReady } }

  /// Whether all parts are.
  public var isReady: Bool { parts.withLock { $0.values.allSatisfy(\.self) } }

  /// The parts that are not, by name.
  public var waitsFor: [String] { parts.withLock { $0.filter { !$0.value }.keys.sorted() } }
}

extension Router {
  /// Adds `GET /health`, which is 200 as long as the program answers at all, and `GET /ready`, which is 503 while a part of it
  /// is not ready.
  public mutating func addHealth(_ readiness: Readiness) {
    get("/health") { _, _ in Response(headers: [.cacheControl: "no-store"], body: .text("healthy\n")) }
    get("/ready") { _, _ in
      let missing = readiness.waitsFor
      let text = missing.isEmpty ? "ready\n" : "not ready: \(missing.joined(separator: ", "))\n"
      return Response(
        status: missing.isEmpty ? .ok : .serviceUnavailable, headers: [.cacheControl: "no-store"],
        body: .text(text))
    }
  }
}
