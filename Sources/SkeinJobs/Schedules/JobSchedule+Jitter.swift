public import struct FoundationEssentials.Date

extension JobSchedule {
  /// When the run of a tick starts: at the tick, or with jitter up to that much later.
  ///
  /// The delay follows from the name and the tick alone, so that all workers agree on it without asking one
  /// another, and differs from tick to tick and from name to name, so that schedules of one time do not start
  /// together. The tick remains the run's identity: enqueue when it is due, with this as the time before
  /// which the job may not start. Runs keep the order of their ticks while these are further apart than the
  /// jitter.
  ///
  /// The delay is never to change between versions: the 64-bit FNV-1a hash of the name's UTF-8 bytes followed
  /// by the tick as milliseconds since 1970, eight bytes with the lowest first; mixed as in SplitMix64; the
  /// high 64 bits of its product with the jitter in milliseconds.
  ///
  /// - Parameters:
  ///   - tick: a tick of the schedule.
  ///   - name: what the schedule is called; different schedules should have different names.
  /// - Returns: a moment from the tick on, and before the tick plus the jitter.
  /// - Source: G. Fowler, L. C. Noll, K.-P. Vo, *The FNV Non-Cryptographic Hash Algorithm*; G. Steele, D.
  ///   Lea, C. Flood, *Fast Splittable Pseudorandom Number Generators*, 2014.
  public func start(of tick: Date, named name: String) -> Date {
    guard jitter > .zero, let moment = tick.wholeMilliseconds, let span = jitter.wholeMilliseconds else {
      return tick
    }
    let delay = Self.hash(name, moment).multipliedFullWidth(by: UInt64(span)).high
    return Date(wholeMilliseconds: moment + Int(delay))
  }

  private static func hash(_ name: String, _ moment: Int) -> UInt64 {
    let number = UInt64(bitPattern: Int64(moment))
    let bytes = Array(name.utf8) + (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    let hash = bytes.reduce(0xcbf2_9ce4_8422_2325) { (hash: UInt64, byte) in
      (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    // FNV alone leaves the high bits, which decide here, nearly the same for ticks that follow one another.
    let once = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
    let twice = (once ^ (once >> 27)) &* 0x94d0_49bb_1331_11eb
    return twice ^ (twice >> 31)
  }
}
