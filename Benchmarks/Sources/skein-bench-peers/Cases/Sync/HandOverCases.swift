/// Who puts and who gets.
private struct Shape {
  let name: String
  let producers: Int
  let consumers: Int

  static let all = [
    Shape(name: "spsc", producers: 1, consumers: 1), Shape(name: "mpsc", producers: 4, consumers: 1),
    Shape(name: "mpmc", producers: 4, consumers: 4),
  ]
}

let queueCases = handOverCases(QueueCarrier.self, called: "queue", capacities: [1, 64, nil])
let channelCases = handOverCases(ChannelCarrier.self, called: "channel", capacities: [0, 1, 64, nil])

private func handOverCases<C: Carrier>(
  _ carrier: C.Type, called start: String, capacities: [Int?]
) -> [MeasuredCase] {
  Shape.all.flatMap { shape in
    capacities.flatMap { capacity in
      let name = "\(start).\(shape.name).\(capacity.map(String.init) ?? "unbounded")"
      return [
        MeasuredCase("\(name).threads", by: C.name) { passOnThreads(C(capacity: capacity), shape, $0) },
        MeasuredCase("\(name).tasks", by: C.name) { try await passInTasks(C(capacity: capacity), shape, $0) },
        MeasuredCase("\(name).mixed", by: C.name) {
          try await passFromThreads(C(capacity: capacity), shape, $0)
        },
      ]
    }
  }
}

private func passOnThreads<C: Carrier>(_ carrier: C, _ shape: Shape, _ operations: Int) {
  onThreads(shape.producers + shape.consumers) { index in
    if index < shape.producers {
      putAll(carrier, operations / shape.producers)
    } else {
      for _ in 0..<operations / shape.consumers { _ = must { try carrier.blockingGet() } }
    }
  }
}

private func passInTasks<C: Carrier>(_ carrier: C, _ shape: Shape, _ operations: Int) async throws {
  try await onTasks(shape.producers + shape.consumers) { index in
    if index < shape.producers {
      for item in 0..<operations / shape.producers { try await carrier.put(item) }
    } else {
      try await getAll(carrier, operations / shape.consumers)
    }
  }
}

/// Threads put, tasks get.
private func passFromThreads<C: Carrier>(_ carrier: C, _ shape: Shape, _ operations: Int) async throws {
  let threads = startThreads(shape.producers) { _ in putAll(carrier, operations / shape.producers) }
  try await onTasks(shape.consumers) { _ in try await getAll(carrier, operations / shape.consumers) }
  join(threads)
}

private func putAll<C: Carrier>(_ carrier: C, _ count: Int) {
  for item in 0..<count { must { try carrier.blockingPut(item) } }
}

private func getAll<C: Carrier>(_ carrier: C, _ count: Int) async throws {
  for _ in 0..<count { _ = try await carrier.get() }
}

// MARK: Ping-pong

let channelPingPongCases = [
  MeasuredCase("pingpong.channel.threads", by: ChannelCarrier.name) { operations in
    let sides = [ChannelCarrier(capacity: 1), ChannelCarrier(capacity: 1)]
    must { try sides[0].blockingPut(0) }
    onThreads(2) { index in
      for _ in 0..<operations {
        must { try sides[1 - index].blockingPut(sides[index].blockingGet()) }
      }
    }
  },
  MeasuredCase("pingpong.channel.tasks", by: ChannelCarrier.name) { operations in
    let sides = [ChannelCarrier(capacity: 1), ChannelCarrier(capacity: 1)]
    try await sides[0].put(0)
    try await onTasks(2) { index in
      for _ in 0..<operations { try await sides[1 - index].put(sides[index].get()) }
    }
  },
]
