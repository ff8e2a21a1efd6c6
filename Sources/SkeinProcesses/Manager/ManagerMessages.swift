internal import FoundationEssentials

/// What a manager knows an object by. Numbers are not used twice.
struct ManagedID: Codable, Hashable, Sendable {
  var number: UInt64
}

/// What a client asks a manager for. Each is answered once; a wait is answered when it is over.
enum ManagerRequest: Hashable, Sendable {
  case makeDictionary
  case makeList
  case makeCounter(Int)
  case makeLock
  case makeQueue(capacity: Int?)
  case remove(ManagedID)
  case dictionary(ManagedID, DictionaryOperation)
  case list(ManagedID, ListOperation)
  case counter(ManagedID, CounterOperation)
  case lock(ManagedID, LockOperation)
  case queue(ManagedID, QueueOperation)
  /// Ends the wait of the session, if it is not over yet, and has no answer of its own.
  case giveUp
}

enum DictionaryOperation: Hashable, Sendable {
  case value(key: Data)
  case set(key: Data, value: Data)
  /// Answers the value that was there.
  case remove(key: Data)
  /// Sets the value, or removes it, if it is the expected one; `nil` is none.
  case exchange(key: Data, expected: Data?, desired: Data?)
  case keys
  /// Answers keys and values by turns.
  case contents
  case count
  case removeAll
}

enum ListOperation: Hashable, Sendable {
  case append([Data])
  case insert(Data, at: Int)
  case value(at: Int)
  case set(Data, at: Int)
  case remove(at: Int)
  case popFirst
  case popLast
  case contents
  case count
  case removeAll
}

enum CounterOperation: Hashable, Sendable {
  case add(Int)
  case exchange(Int)
}

enum LockOperation: Hashable, Sendable {
  case acquire
  case tryAcquire
  case release
}

enum QueueOperation: Hashable, Sendable {
  case put(Data)
  case tryPut(Data)
  case get
  case tryGet
  case close
  case count
}

/// What a manager answers.
enum ManagerReply: Hashable, Sendable {
  case done
  case made(ManagedID)
  case value(Data?)
  case values([Data])
  case number(Int)
  /// Whether what was tried has been done.
  case outcome(Bool)
  /// The lock is the session's; its last owner has died with it, or not.
  case acquired(ownerDied: Bool)
  case closed
  /// The wait was given up, and changed nothing.
  case gaveUp
  case failed(ManagerError)
}
