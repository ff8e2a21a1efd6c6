internal import HTTPTypes
internal import NIOCore

/// A request and its response, as the connection sees them: what has come, what has gone, and whether the connection can go
/// on after them.
struct Exchange: Sendable {
  enum Stage: Hashable, Sendable {
    /// The handler has not answered yet.
    case handling
    /// The head of the response has gone.
    case sending
    /// All of the response has gone.
    case done
  }

  /// What becomes of the connection after the response.
  enum Ending: Hashable, Sendable {
    /// The next request.
    case goesOn
    /// The rest of the body is thrown away first.
    case discards
    case closes
    /// The client still sends: it is told that nothing more is taken, and has time to see the response.
    case lingers
  }

  /// How much of a body that nobody took is thrown away, before it costs less to begin a new connection.
  private static let discardLimit = 1 << 16

  let number: UInt64
  let isHead: Bool
  let minorVersion: Int
  private(set) var stage = Stage.handling
  private var decoder: BodyDecoder
  /// Whether the client, and the server, allow another request.
  private var keepsAlive: Bool
  /// Whether the client waits for a word before it sends the body.
  private var awaitsContinue: Bool
  /// Whether what comes can not be made sense of any more.
  private var isBroken = false
  private var discarded = 0
  /// `nil` when the body was there as a whole at first, or there is none.
  var body: RequestBodyStream?

  init(_ head: RequestHead, number: UInt64, keepsAlive: Bool) {
    self.number = number
    isHead = head.method == .head
    minorVersion = head.minorVersion
    decoder = BodyDecoder(head.framing)
    self.keepsAlive = keepsAlive && head.keepsAlive
    awaitsContinue = head.expectsContinue
  }

  // MARK: The request

  /// Whether more of the body can come.
  var expectsBody: Bool { !decoder.hasEnded && !isBroken }

  /// The body, if it is here as a whole: most are small.
  mutating func wholeBody(_ buffer: inout ByteBuffer) -> ByteBuffer? {
    guard let length = decoder.remaining, buffer.readableBytes >= length else { return nil }
    if length == 0 { return ByteBuffer() }
    awaitsContinue = false
    // A body with a length is not refused.
    guard case .bytes(let bytes)? = try? decoder.next(&buffer) else { return nil }
    return bytes
  }

  /// As the client has told; `nil` when it comes in chunks.
  var bodyLength: Int? { decoder.remaining }

  /// Takes what has come of the body.
  mutating func receiveBody(_ buffer: inout ByteBuffer) {
    guard expectsBody else { return }
    if buffer.readableBytes > 0 { awaitsContinue = false }
    do throws(HTTPError) {
      while true {
        switch try decoder.next(&buffer) {
        case .bytes(let bytes):
          if stage == .done { discarded += bytes.readableBytes } else { body?.put(bytes) }
        case .needsMore: return
        case .end:
          body?.finish()
          return
        }
      }
    } catch { breakBody(error) }
  }

  /// The body does not go on.
  mutating func breakBody(_ error: HTTPError) {
    body?.fail(error)
    keepsAlive = false
    isBroken = true
  }

  /// Whether the client is to be told to send the body, which is done once.
  mutating func takeContinue() -> Bool {
    defer { awaitsContinue = false }
    return awaitsContinue && stage == .handling
  }

  // MARK: The response

  /// The head of the response goes.
  ///
  /// - Returns: what it says of the connection.
  mutating func beginResponse(_ framing: ResponseFraming, mayGoOn: Bool) -> ConnectionPromise {
    stage = .sending
    let takesRest = decoder.hasEnded || (!awaitsContinue && decoder.remaining ?? 0 <= Self.discardLimit)
    keepsAlive = keepsAlive && mayGoOn && takesRest && framing != .connectionEnd
    guard keepsAlive else { return .close }
    return minorVersion == 0 ? .keepAlive : .usual
  }

  /// All of the response has gone.
  mutating func endResponse() { stage = .done }

  /// What comes after the response; `nil` before it has gone.
  ///
  /// - Parameter hasInput: whether bytes are here that were not looked at.
  func ending(hasInput: Bool) -> Ending? {
    guard stage == .done else { return nil }
    guard keepsAlive else { return decoder.hasEnded && !hasInput ? .closes : .lingers }
    if decoder.hasEnded { return .goesOn }
    return discarded <= Self.discardLimit ? .discards : .lingers
  }
}
