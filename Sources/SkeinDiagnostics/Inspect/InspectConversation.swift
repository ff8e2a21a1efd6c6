internal import Glibc
internal import SkeinSync

/// One connection: reads a request, then writes the answer, whenever the socket is ready, and never waits.
struct InspectConversation: ~Copyable {
  private enum Phase {
    case reading([UInt8])
    case writing(ArraySlice<UInt8>)
  }

  /// So long a request may take to come.
  static let requestLimit = Duration.seconds(1)
  /// So long an answer may take to be read.
  static let answerLimit = Duration.seconds(3)
  /// Ends an answer, so that one which broke off is told from a whole one.
  static let end: UInt8 = 0
  private static let longestRequest = 32

  let descriptor: Int32
  private(set) var deadline = MonotonicClock().now.advanced(by: requestLimit)
  private var phase = Phase.reading([])

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// What to wait for before the next step, as poll has it.
  var events: Int16 {
    switch phase {
    case .reading: Int16(POLLIN)
    case .writing: Int16(POLLOUT)
    }
  }

  /// Goes on as far as is possible without waiting. Only who has not done their part by the deadline is left: a
  /// busy machine may run this thread late.
  ///
  /// - Parameter answer: makes the answer to a request that is complete.
  /// - Returns: whether there is more to do.
  mutating func proceed(at now: MonotonicClock.Instant, answer: (InspectForm) -> String) -> Bool {
    let goesOn =
      switch phase {
      case .reading(let request): read(after: request, answer)
      case .writing(let rest): write(rest)
      }
    return goesOn && now < deadline
  }

  private mutating func read(after request: [UInt8], _ answer: (InspectForm) -> String) -> Bool {
    var bytes = [UInt8](repeating: 0, count: Self.longestRequest)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    if count < 0 { return errno == EAGAIN || errno == EINTR }
    let request = request + bytes.prefix(count)
    // The end of what comes ends a line too.
    guard let end = request.firstIndex(of: UInt8(ascii: "\n")) ?? (count == 0 ? request.count : nil) else {
      phase = .reading(request)
      return request.count < Self.longestRequest
    }
    let line = String(decoding: request[..<end], as: UTF8.self)
    let text = InspectForm(rawValue: line).map(answer) ?? "error: ask for \(Self.choices)\n"
    deadline = MonotonicClock().now.advanced(by: Self.answerLimit)
    return write((Array(text.utf8) + [Self.end])[...])
  }

  private static let choices = InspectForm.allCases.map(\.rawValue).joined(separator: ", ")

  private mutating func write(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count >= 0 else {
        phase = .writing(rest)
        return errno == EAGAIN || errno == EINTR
      }
      rest = rest.dropFirst(count)
    }
    return false
  }
}
