// Wait for whatever comes first: an element, room for one, an event, or the end of a time limit.

import SkeinSync

func serve(
  jobs: Receiver<Int>, results: Sender<Int>, shutdown: Event
) async throws -> String {
  try await select {
    jobs.receiving { "job \($0)" }
    results.sending(42) { "sent" }
    shutdown.waiting { "stop" }
    after(.seconds(1)) { "nothing came" }
  }
}

// A channel that has ended is handled by its case, and left out from then on.
func merge(_ left: Receiver<Int>, _ right: Receiver<Int>) async throws -> [Int] {
  var (hasLeft, hasRight) = (true, true)
  var merged: [Int] = []
  while hasLeft || hasRight {
    try await select {
      if hasLeft {
        left.receiving {
          merged.append($0)
        } otherwise: { _ in
          hasLeft = false
        }
      }
      if hasRight {
        right.receiving {
          merged.append($0)
        } otherwise: { _ in
          hasRight = false
        }
      }
    }
  }
  return merged
}

// Urgent work first; nothing when neither is there.
func next(urgent: Receiver<Int>, normal: Receiver<Int>) throws -> Int? {
  try trySelect(.biased) {
    urgent.receiving { $0 }
    normal.receiving { $0 }
  }
}

func run() async throws {
  let (left, leftEnd) = makeChannel(of: Int.self, capacity: nil)
  let (right, rightEnd) = makeChannel(of: Int.self, capacity: nil)
  for number in 1...3 {
    try await left.send(number)
    try await right.send(10 * number)
  }
  print(try next(urgent: leftEnd, normal: rightEnd) as Any)
  left.close()
  right.close()
  print(try await merge(leftEnd, rightEnd).sorted())

  let jobs = makeChannel(of: Int.self, capacity: 1)
  let results = makeChannel(of: Int.self, capacity: 1)
  print(try await serve(jobs: jobs.receiver, results: results.sender, shutdown: Event()))
}

try await run()
