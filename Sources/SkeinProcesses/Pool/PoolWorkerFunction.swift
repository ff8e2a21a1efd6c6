internal import FoundationEssentials
internal import Glibc
internal import SkeinSync
internal import SkeinWork

/// What a worker of a ``ProcessPool`` does: one call after the other, until its connection ends.
struct PoolWorkerFunction: RemoteFunction {
  static let name = "skein.pool-worker"

  var calls: Connection
  /// The most memory that it may have, in bytes; `nil` for no limit of its own.
  var memoryLimit: Int?

  @available(*, noasync)
  func run() throws -> Nothing {
    if let memoryLimit { Self.limitMemory(to: memoryLimit) }
    let functions = try ChildProgram.current.functions
    // It is ready: the time of a call begins with the call.
    try calls.send(Data(), [], at: SourcePlace())
    while true {
      let frame: Frame
      do { frame = try calls.nextFrame(until: nil, at: SourcePlace()) } catch ConnectionError.ended {
        return Nothing()
      }
      let answer = CallAnswer.perform(frame, functions)
      do {
        try calls.send(answer.bytes, answer.descriptors, at: SourcePlace())
      } catch let error as ConnectionError where error.isAboutTheMessage {
        let answer = CallAnswer(error)
        try calls.send(answer.bytes, answer.descriptors, at: SourcePlace())
      }
    }
  }

  /// Memory that is written to; an allocation beyond it fails, which ends a Swift program.
  private static func limitMemory(to bytes: Int) {
    var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t(bytes))
    setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit)
  }
}

/// A call as it travels: the length of the function's name in two bytes, the name, the input.
struct FunctionCall {
  let bytes: Data
  let descriptors: [OwnedDescriptor]

  init<Function: RemoteFunction>(_ function: Function) throws {
    let name = Function.name.utf8
    let head = [UInt8(truncatingIfNeeded: name.count), UInt8(truncatingIfNeeded: name.count >> 8)] + name
    let message = try EncodedMessage(function, behind: head)
    (bytes, descriptors) = (message.bytes, message.descriptors)
  }

  /// The name and the input of a call that came.
  static func parts(of bytes: Data) -> (name: String, input: Data)? {
    guard bytes.count >= 2 else { return nil }
    let count = Int(bytes[bytes.startIndex]) | Int(bytes[bytes.startIndex + 1]) << 8
    guard bytes.count >= 2 + count else { return nil }
    let name = bytes.dropFirst(2).prefix(count)
    return (String(decoding: name, as: UTF8.self), bytes.dropFirst(2 + count))
  }
}

/// The answer to a call as it travels: a byte that says what follows, and that.
struct CallAnswer {
  enum Kind: UInt8 {
    case value, error
  }

  let bytes: Data
  let descriptors: [OwnedDescriptor]

  fileprivate init(_ kind: Kind, _ value: some Encodable) throws {
    let message = try EncodedMessage(value, behind: [kind.rawValue])
    (bytes, descriptors) = (message.bytes, message.descriptors)
  }

  /// Does what is asked for.
  @available(*, noasync)
  static func perform(_ frame: Frame, _ functions: FunctionRegistry) -> CallAnswer {
    do {
      guard let (name, input) = FunctionCall.parts(of: frame.bytes), let function = functions[name] else {
        throw ProcessError.refused(reason: "it does not know what it is asked for")
      }
      let files = DescriptorTransfer(received: frame.descriptors)
      let call = try files.decode(function, from: input)
      files.finish()
      return try call.answer()
    } catch {
      return CallAnswer(error)
    }
  }

  init(_ error: any Error) {
    // Two strings have a form in every codec.
    try! self.init(.error, RemoteError(error))
  }

  /// What an answer that came says.
  ///
  /// - Throws: the function's error, as a ``RemoteError``; `DecodingError`.
  static func decode<Output: Decodable>(_ frame: Frame, as type: Output.Type) throws -> Output {
    let (kind, rest) = (frame.bytes.first.flatMap(Kind.init), frame.bytes.dropFirst())
    let files = DescriptorTransfer(received: frame.descriptors)
    switch kind {
    case .value: return try files.decode(type, from: rest)
    case .error: throw try files.decode(RemoteError.self, from: rest)
    case nil: throw ConnectionError.malformed
    }
  }
}

extension RemoteFunction {
  fileprivate func answer() throws -> CallAnswer { try CallAnswer(.value, try run()) }
}
