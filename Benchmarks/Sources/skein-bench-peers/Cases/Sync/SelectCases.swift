import SkeinSync

/// Eight senders, and one receiver that takes from any of them.
let selectCases = [
  MeasuredCase("select.8.threads", by: "select") { operations in
    let channels = eightChannels()
    onThreads(9) { index in
      if index < 8 {
        for item in 0..<operations / 8 { must { try channels[index].sender.send(item) } }
      } else {
        let receivers = channels.map(\.receiver)
        for _ in 0..<operations { _ = must { try receiveFromAny(receivers) } }
      }
    }
  },
  MeasuredCase("select.8.tasks", by: "select") { operations in
    let channels = eightChannels()
    try await onTasks(9) { index in
      if index < 8 {
        for item in 0..<operations / 8 { try await channels[index].sender.send(item) }
      } else {
        let receivers = channels.map(\.receiver)
        for _ in 0..<operations { _ = try await receiveFromAny(receivers) }
      }
    }
  },
]

private typealias Channel = (sender: Sender<Int>, receiver: Receiver<Int>)

private func eightChannels() -> [Channel] {
  (0..<8).map { _ in makeChannel(of: Int.self, capacity: 64) }
}

// Eight cases that are written out, as Go's and tokio's are.

private func receiveFromAny(_ receivers: [Receiver<Int>]) throws -> Int {
  try select {
    receivers[0].receiving { $0 }
    receivers[1].receiving { $0 }
    receivers[2].receiving { $0 }
    receivers[3].receiving { $0 }
    receivers[4].receiving { $0 }
    receivers[5].receiving { $0 }
    receivers[6].receiving { $0 }
    receivers[7].receiving { $0 }
  }
}

private func receiveFromAny(_ receivers: [Receiver<Int>]) async throws -> Int {
  try await select {
    receivers[0].receiving { $0 }
    receivers[1].receiving { $0 }
    receivers[2].receiving { $0 }
    receivers[3].receiving { $0 }
    receivers[4].receiving { $0 }
    receivers[5].receiving { $0 }
    receivers[6].receiving { $0 }
    receivers[7].receiving { $0 }
  }
}
