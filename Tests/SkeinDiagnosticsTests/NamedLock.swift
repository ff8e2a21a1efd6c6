import SkeinSync

/// A lock as the observer sees it, without a lock in it.
final class NamedLock: ObservedLock, @unchecked Sendable {
  // The class is a number that each test sets on one thread.
  let identity: ObjectIdentity
  var orderClass: UInt32 = 0

  init(_ name: String?, kind: StaticString = "Lock", line: UInt = 1) {
    identity = ObjectIdentity(kind, name: name, place: SourcePlace("Test/Made.swift", line))
  }
}
