internal import CSkein
internal import FoundationEssentials

/// A worker's claim to be alive, as it is stored: valid until an instant of one boot's clock.
struct Lease: Hashable, Sendable {
  /// How long a lease holds.
  static let length = Duration.seconds(30)
  /// How often it is renewed: three times in its length.
  static let renewal = Duration.seconds(10)

  /// The boot of the machine on whose clock the end stands.
  var bootID: String
  /// Nanoseconds on CLOCK_BOOTTIME, which goes on while the machine sleeps.
  var until: Int64
  /// When it was renewed, on wall time: the only clock that other boots share.
  var seenAt: Date

  /// A lease from now on.
  static func fresh() -> Lease {
    Lease(
      bootID: currentBootID, until: skein_boottime_nanoseconds() + length.components.seconds * 1_000_000_000,
      seenAt: Date())
  }

  static let currentBootID: String = {
    let text = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? "unknown"
    return text.filter { !$0.isWhitespace }
  }()

  /// Judges a worker by its lease and its lock.
  ///
  /// | boot | lock | lease | the worker is |
  /// |---|---|---|---|
  /// | this one | held | valid | alive |
  /// | this one | held | over | unresponsive: its process lives, so its jobs stay its own |
  /// | this one | free | any | dead |
  /// | another | cannot be asked | valid | alive |
  /// | another | cannot be asked | over, or seen in the future | dead |
  ///
  /// The wall clock of a lease that was seen in the future was set back since: waiting for it could take for ever.
  func judge(bootID: String, isLocked: Bool, now: Int64, wall: Date) -> WorkerRecord.Liveness {
    guard self.bootID == bootID else {
      return abs(wall.timeIntervalSince(seenAt)) > Self.length.seconds ? .dead : .alive
    }
    guard isLocked else { return .dead }
    return now > until ? .unresponsive : .alive
  }
}
