// A buffer of two places between a thread that produces and one that consumes.

import Dispatch
import SkeinSync

let buffer = Lock([Int](), name: "buffer")
let notEmpty = Condition(of: buffer, name: "not empty")
let notFull = Condition(of: buffer, name: "not full")

func produce() throws {
  for number in 1...5 {
    try notFull.withLock(when: { $0.count < 2 }) {
      $0.append(number)
      notEmpty.notify()
    }
  }
  notEmpty.close()
}

func consume() throws {
  while true {
    let number = try notEmpty.withLock(when: { !$0.isEmpty }, timeout: .seconds(5)) {
      notFull.notify()
      return $0.removeFirst()
    }
    print("consumed \(number)")
  }
}

DispatchQueue.global().async {
  do { try produce() } catch { print("the producer ends: \(error)") }
}

// What was there when the condition was closed has been taken.
do { try consume() } catch { print("the consumer ends: \(error)") }
