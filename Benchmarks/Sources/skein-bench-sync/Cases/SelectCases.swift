import SkeinSync

/// Eight senders, and one receiver that takes from any of them.
let selectCases = [
  MeasuredCase("select.8.threads", by: "select") { operations in
    let channels = eightChannels()
    onThreads(9) { index in
      if index < 8 {
        for item in 0..<operations / 8 { must { try channels[index].sender.send(item) } }
      } else {
        for _ in 0..<operations { _ = must { try receiveFromAny(channels) } }
      }
    }
  },
  MeasuredCase("select.8.tasks", by: "select") { operations in
    let channels = eightChannels()
    try await onTasks(9) { index in
      if index < 8 {
        for item in 0..<operations / 8 { try await channels[index].sender.send(item) }
      } else {
        for _ in 0..<operations { _ = try await receiveFromAny(channels) }
      }
    }
  },
]

private typealias Channel = (sender: Sender<Int>, receiver: Receiver<Int>)

private func eightChannels() -> [Channel] {
  (0..<8).map { _ in makeChannel(of: Int.self, capacity: 64) }
}

private func receiveFromAny(_ channels: [Channel]) throws -> Int {
  try select {
    for channel in channels { channel.receiver.receiving { $0 } }
  }
}

private func receiveFromAny(_ channels: [Channel]) async throws -> Int {
  try await select {
    for channel in channels { channel.receiver.receiving { $0 } }
  }
}
