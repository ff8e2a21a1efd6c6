/// What goes wrong with a stream in memory, for tests, as it does on a network.
public struct StreamFaults: Sendable {
  /// Into pieces of how many bytes what is written is cut; `nil` for none.
  public var fragments: ClosedRange<Int>?
  /// How long a piece is on its way; `nil` for no time. None overtakes another.
  public var delay: ClosedRange<Duration>?
  /// After how many bytes nothing arrives any more, of which nobody is told; `nil` for never.
  public var stallsAfter: Int?
  /// After how many bytes the connection is broken off; `nil` for never.
  public var resetsAfter: Int?
  /// Chooses sizes and times: the same in each run, if it is one with a seed.
  public var generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()

  /// No faults.
  public init() {}

  /// A network that cuts what is written into pieces.
  public static func fragmented(_ sizes: ClosedRange<Int>) -> StreamFaults {
    var faults = StreamFaults()
    faults.fragments = sizes
    return faults
  }
}
