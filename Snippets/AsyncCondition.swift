// A bounded buffer: a condition for each thing that somebody may have to wait for.

import SkeinSync

let buffer = AsyncLock([Int](), name: "buffer")
let notEmpty = AsyncCondition(of: buffer, name: "not empty")
let notFull = AsyncCondition(of: buffer, name: "not full")

func put(_ number: Int) async throws {
  try await notFull.withLock(when: { $0.count < 2 }) { numbers in
    numbers.append(number)
    notEmpty.notify()
  }
}

func take() async throws -> Int {
  try await notEmpty.withLock(when: { !$0.isEmpty }) { numbers in
    notFull.notify()
    return numbers.removeFirst()
  }
}

try await withThrowingTaskGroup { group in
  group.addTask {
    for number in 1...6 { try await put(number) }
  }
  group.addTask {
    for _ in 1...6 { print("took \(try await take())") }
  }
  try await group.waitForAll()
}

do {
  try await notEmpty.withLock(when: { !$0.isEmpty }, timeout: .milliseconds(10)) { print("there is \($0)") }
} catch {
  print("nothing more: \(error)")
}
