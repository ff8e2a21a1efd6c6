import Foundation

/// How long and how hard the stress tests try.
///
/// `SKEIN_SOAK` is the factor by which they do more than in an ordinary run; `SKEIN_SEED` repeats what failed, as far as
/// the machine's own timing lets it.
enum Soak {
  static let factor = ProcessInfo.processInfo.environment["SKEIN_SOAK"].flatMap(Int.init) ?? 1
  static var isOn: Bool { factor > 1 }

  static var seed: UInt64 {
    ProcessInfo.processInfo.environment["SKEIN_SEED"].flatMap(UInt64.init) ?? .random(in: 0...UInt64.max)
  }
}
