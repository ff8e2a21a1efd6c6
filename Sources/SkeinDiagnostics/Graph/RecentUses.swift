internal import SkeinSync

/// Who used an object that has no owner: the best guess at who could end a wait for it.
struct RecentUses: Sendable, Equatable {
  /// Who took permits and gave none back since; the oldest first.
  var permitHolders: [Party] = []
  /// Who put items in, the latest last.
  var putters: [Party] = []
  /// Who took items out, the latest last.
  var getters: [Party] = []
}

/// The part of an object that a wait depends on.
///
/// | who waits | waits, likely, for |
/// |---|---|
/// | for permits | those who took some and gave none back |
/// | to put | those who took items out recently: they make room |
/// | otherwise | those who put items in recently |
enum WaitNeed: Hashable, Sendable {
  /// For whoever holds the object, as it says itself.
  case release
  case permit, item, room

  init(of wait: ObservedWait, uses: RecentUses?) {
    guard case .unknown = wait.object.holders, let uses else {
      self = .release
      return
    }
    if !uses.permitHolders.isEmpty {
      self = .permit
    } else {
      self = wait.wantsRoom ? .room : .item
    }
  }

  func assumedHolders(_ uses: RecentUses) -> [Party] {
    switch self {
    case .release: []
    case .permit: uses.permitHolders
    case .item: uses.putters
    case .room: uses.getters
    }
  }
}

extension ObservedWait {
  /// Whether the party waits to hand something over; the queues say so in their purpose.
  fileprivate var wantsRoom: Bool { purpose.hasPrefix("to put") || purpose.hasPrefix("to send") }
}
