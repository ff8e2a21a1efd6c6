internal import CSkein

/// A thread or a task, as diagnosis names it.
///
/// - Invariant: equal parties are one thread or one task, as long as it lives; the system uses the identities
///   of those that ended again.
public struct Party: Sendable {
  /// What somebody who waits or holds can be.
  public enum Kind: String, Sendable {
    /// A thread of the operating system; the identity is the kernel's id.
    case thread
    /// A task; the identity is the address of its record.
    case task
  }

  /// Whether it is a thread or a task.
  public let kind: Kind
  /// What tells it from others of its kind.
  public let id: UInt64
  /// The name that it was given, if any.
  public let name: String?

  /// Names a thread or a task.
  public init(kind: Kind, id: UInt64, name: String? = nil) {
    self.kind = kind
    self.id = id
    self.name = name
  }

  /// The calling thread.
  public static var currentThread: Party { thread(skein_thread_id()) }

  /// The task that calls; `nil` outside of tasks.
  public static var currentTask: Party? {
    let address = skein_current_task()
    return address == 0 ? nil : Party(kind: .task, id: UInt64(address), name: Task.name)
  }

  /// The task that calls, else the thread.
  public static var current: Party { currentTask ?? currentThread }

  /// The task that calls, else the thread, without reading the thread's name, which takes microseconds.
  package static var currentUnnamed: Party { currentTask ?? unnamedThread(skein_thread_id()) }

  /// The thread with the kernel's id `id`, to be named later.
  package static func unnamedThread(_ id: UInt32) -> Party { Party(kind: .thread, id: UInt64(id)) }

  /// The party, with the name that the kernel has for it if it is a thread without one.
  package var named: Party { kind == .thread && name == nil ? .thread(UInt32(id)) : self }

  /// The thread with the kernel's id `id`, with the name that the kernel has for it.
  public static func thread(_ id: UInt32) -> Party {
    var bytes = [UInt8](repeating: 0, count: 32)
    let length = skein_get_thread_name(id, &bytes, bytes.count)
    let name = length > 0 ? String(decoding: bytes.prefix(Int(length)), as: UTF8.self) : nil
    return Party(kind: .thread, id: UInt64(id), name: name)
  }
}

extension Party: Hashable {
  /// Two parties are one when kind and identity agree.
  public static func == (left: Party, right: Party) -> Bool {
    left.kind == right.kind && left.id == right.id
  }

  /// Feeds the identity into a hash.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(id)
  }
}

extension Party: CustomStringConvertible {
  /// Kind, name and identity.
  public var description: String {
    let number = kind == .task ? "0x" + String(id, radix: 16) : String(id)
    return name.map { "\(kind.rawValue) “\($0)” (\(number))" } ?? "\(kind.rawValue) \(number)"
  }
}
