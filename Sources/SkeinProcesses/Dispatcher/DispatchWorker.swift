internal import CSkein
internal import FoundationEssentials
internal import SkeinSync
internal import SkeinWork

/// What a worker of a ``TaskDispatcher`` does: one task after the other, until its line is closed.
struct DispatchWorker: RemoteFunction {
  static let name = "skein.dispatch-worker"

  var index: Int
  var tasks: SharedQueue<Data>
  var reports: SharedQueue<Data>

  @available(*, noasync)
  func run() throws -> Nothing {
    let functions = try ChildProgram.current.functions
    try reports.put(DispatchMessage(number: 0, worker: index, body: Data()).bytes)
    while true {
      var task: DispatchMessage
      do { task = try DispatchMessage(bytes: tasks.get()) } catch WaitError.closed { return Nothing() }
      let start = skein_monotonic_nanoseconds()
      let answer = CallAnswer.perform(Frame(bytes: task.body, descriptors: []), functions)
      task.nanoseconds = skein_monotonic_nanoseconds() - start
      do {
        try answer.refuseDescriptors()
        try report(answer, to: task)
      } catch let error as WaitError {
        throw error
      } catch {
        try report(CallAnswer(error), to: task)
      }
    }
  }

  @available(*, noasync)
  private func report(_ answer: CallAnswer, to task: DispatchMessage) throws {
    var message = DispatchMessage(number: task.number, worker: index, body: answer.bytes)
    message.nanoseconds = task.nanoseconds
    try reports.put(message.bytes)
  }
}

/// A task on its way to a worker, or the answer on its way back: the task's number, the worker's, and how long the task
/// took, in 24 bytes, and the call or the answer.
///
/// The number 0 says that the worker has begun; a message without any bytes only wakes who takes it.
struct DispatchMessage {
  var number: DispatchPlan.Number
  var worker: Int
  /// How long it took; in an answer.
  var nanoseconds: Int64 = 0
  var body: Data

  private static let headBytes = 24

  init(number: DispatchPlan.Number, worker: Int, body: Data) {
    (self.number, self.worker, self.body) = (number, worker, body)
  }

  /// - Throws: ``ConnectionError/malformed``.
  init(bytes: Data) throws(ConnectionError) {
    guard bytes.count >= Self.headBytes else { throw .malformed }
    (number, worker, nanoseconds) = bytes.withUnsafeBytes {
      (
        $0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: Int.self),
        $0.loadUnaligned(fromByteOffset: 16, as: Int64.self)
      )
    }
    body = bytes.dropFirst(Self.headBytes)
  }

  var bytes: Data {
    var bytes = Data(capacity: Self.headBytes + body.count)
    withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: worker) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: nanoseconds) { bytes.append(contentsOf: $0) }
    bytes.append(body)
    return bytes
  }

  /// How long a call or an answer may be that goes through a queue of so many bytes.
  static func limit(in byteCapacity: Int) -> Int {
    // The queue's own length, the head, and what is lost to whole words.
    max(0, byteCapacity - 8 - headBytes - 7)
  }

  /// What only wakes.
  static let wake = Data()
}

extension FunctionCall {
  /// Refuses a call with open files or shared objects, which need a connection.
  func refuseDescriptors() throws(ConnectionError) {
    guard descriptors.isEmpty else { throw .tooManyDescriptors(count: descriptors.count, limit: 0) }
  }
}

extension CallAnswer {
  /// Refuses an answer with open files or shared objects, which need a connection.
  fileprivate func refuseDescriptors() throws(ConnectionError) {
    guard descriptors.isEmpty else { throw .tooManyDescriptors(count: descriptors.count, limit: 0) }
  }
}
