import SkeinProcesses

/// Processes that change one number, and the calls of a manager.
let sharingCases: [MeasuredCase] =
  [2, 4].flatMap { processes in
    [
      MeasuredCase(
        "shared-lock.\(processes)", by: "SharedValue", on: { try Contenders(processes, counts: false) }
      ) {
        contenders, count in await onPlainThread { must { try contenders.change(count) } }
      },
      MeasuredCase(
        "shared-counter.\(processes)", by: "SharedCounter", on: { try Contenders(processes, counts: true) }
      ) {
        contenders, count in await onPlainThread { must { try contenders.change(count) } }
      },
    ]
  } + [
    MeasuredCase("manager.get", by: "ManagedDictionary", on: { try Managed() }) { managed, count in
      await onPlainThread { must { for _ in 0..<count { _ = try managed.dictionary.value(for: "a") } } }
    },
    MeasuredCase("manager.set", by: "ManagedDictionary", on: { try Managed() }) { managed, count in
      await onPlainThread { must { for index in 0..<count { try managed.dictionary.set(index, for: "a") } } }
    },
    MeasuredCase("manager.lock", by: "ManagedLock", on: { try Managed() }) { managed, count in
      await onPlainThread { must { for _ in 0..<count { try managed.lock.withLock {} } } }
    },
  ]

private struct Contenders: Sendable {
  let lines: [LineToChild]

  init(_ count: Int, counts: Bool) throws {
    let (value, counter) = (try SharedValue(0), counts ? try SharedCounter() : nil)
    lines = try (0..<count).map { _ in
      try LineToChild { Contend(value: value, counter: counter, connection: $0) }
    }
  }

  @available(*, noasync)
  func change(_ operations: Int) throws {
    for line in lines { try line.connection.send(operations / lines.count) }
    for line in lines { _ = try line.connection.receive(Int.self) }
  }
}

private struct Managed: Sendable {
  let manager: SharedManager
  let dictionary: ManagedDictionary<String, Int>
  let lock: ManagedLock

  init() throws {
    manager = try SharedManager()
    dictionary = try manager.makeDictionary()
    lock = try manager.makeLock()
    try dictionary.set(0, for: "a")
  }
}
