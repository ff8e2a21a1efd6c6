internal import CSkein
internal import Glibc
internal import SkeinSync

/// Blocks threads until descriptors are ready.
enum DescriptorWait {
  /// Blocks the thread until one of the descriptors can be read or written, or the deadline has come.
  ///
  /// - Parameter deadline: on the monotonic clock; `nil` for none.
  /// - Returns: which of them are ready; empty when the deadline has come.
  @available(*, noasync)
  static func ready(
    among descriptors: [(Int32, DescriptorMonitor.Direction)], until deadline: MonotonicClock.Instant?,
    for identity: ObjectIdentity, at place: SourcePlace
  ) -> [Bool] {
    var requests = requests(for: descriptors)
    identity.noteBlocking(at: place)
    while true {
      let count = poll(&requests, nfds_t(requests.count), milliseconds(until: deadline))
      if count > 0 { return requests.map { $0.revents != 0 } }
      if count < 0, errno != EINTR, errno != EAGAIN { return requests.map { _ in true } }
      if let deadline, MonotonicClock().now >= deadline { return [] }
    }
  }

  /// Which of the descriptors can be read or written at this instant.
  static func readyNow(among descriptors: [(Int32, DescriptorMonitor.Direction)]) -> [Bool] {
    var requests = requests(for: descriptors)
    return poll(&requests, nfds_t(requests.count), 0) > 0 ? requests.map { $0.revents != 0 } : []
  }

  private static func requests(for descriptors: [(Int32, DescriptorMonitor.Direction)]) -> [pollfd] {
    descriptors.map { descriptor, direction in
      pollfd(fd: descriptor, events: Int16(direction == .reading ? POLLIN : POLLOUT), revents: 0)
    }
  }

  /// Rounded up: a wait that ends too early would only be begun again.
  private static func milliseconds(until deadline: MonotonicClock.Instant?) -> Int32 {
    guard let deadline else { return -1 }
    let left = MonotonicClock().now.duration(to: deadline)
    guard left > .zero else { return 0 }
    return Int32(clamping: Int64((left / .milliseconds(1)).rounded(.up)))
  }
}
