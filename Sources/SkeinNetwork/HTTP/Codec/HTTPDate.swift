internal import CSkein
internal import Glibc
internal import NIOPosix

/// Instants as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// - Source: RFC 9110, section 5.6.7.
enum HTTPDate {
  private static let preferredFormat = "%a, %d %b %Y %H:%M:%S GMT"
  /// Formats of the past, which clients may send all the same.
  private static let formats = [preferredFormat, "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]

  /// Writes an instant, given in seconds since 1970.
  static func text(_ seconds: Int) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
      let length = skein_write_date(Int64(seconds), preferredFormat, text.baseAddress!, text.count)
      return String(decoding: UnsafeRawBufferPointer(text).prefix(length), as: UTF8.self)
    }
  }

  /// Reads an instant, in seconds since 1970; `nil` for what is none.
  static func seconds(_ text: String) -> Int? {
    var seconds: Int64 = 0
    return formats.contains { skein_read_date(text, $0, &seconds) } ? Int(seconds) : nil
  }

  /// The present, as text: written once a second on each thread.
  static var now: String {
    let seconds = time(nil)
    if let cache = caches.currentValue, cache.seconds == seconds { return cache.text }
    let cache = Cache(seconds: seconds, text: text(seconds))
    caches.currentValue = cache
    return cache.text
  }

  private static let caches = ThreadSpecificVariable<Cache>()

  private final class Cache: Sendable {
    let seconds: Int
    let text: String

    init(seconds: Int, text: String) { (self.seconds, self.text) = (seconds, text) }
  }
}
