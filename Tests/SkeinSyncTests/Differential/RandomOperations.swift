import SkeinSync
import SkeinTesting

/// Random calls that never wait, written as lines that both languages read.
enum RandomOperations {
  /// A queue's life: first its order and capacity, then calls.
  static func queue(seed: UInt64, count: Int) -> [String] {
    var generator = SeededGenerator(seed: seed)
    let order = ["fifo", "lifo", "priority"].randomElement(using: &generator)!
    let capacity = Int.random(in: 0...5, using: &generator)
    let calls = (0..<count).map { _ in
      switch Int.random(in: 0..<10, using: &generator) {
      case 0..<5: "put \(Int.random(in: 0..<20, using: &generator))"
      case 5..<8: "get"
      case 8: "done"
      default: "size"
      }
    }
    return ["\(order) \(capacity)"] + calls
  }

  /// What the queue answers to each call.
  static func answers(toQueue lines: [String]) -> [String] {
    let head = lines[0].split(separator: " ")
    let capacity = Int(head[1])! == 0 ? nil : Int(head[1])!
    switch head[0] {
    case "fifo": return answers(Queue<Int>(capacity: capacity), lines.dropFirst())
    case "lifo": return answers(LIFOQueue<Int>(capacity: capacity), lines.dropFirst())
    default: return answers(PriorityQueue<Int>(capacity: capacity), lines.dropFirst())
    }
  }

  private static func answers<Order: QueueDiscipline>(
    _ queue: OrderedQueue<Order>, _ calls: ArraySlice<String>
  ) -> [String] where Order.Element == Int {
    calls.map { call in
      let words = call.split(separator: " ")
      switch words[0] {
      case "put": return queue.tryPut(Int(words[1])!) ? "ok" : "full"
      case "get": return queue.tryGet().map { "\($0)" } ?? "empty"
      case "done":
        // A broken contract traps here, and is an exception there: the test asks before.
        guard queue.unfinishedCount > 0 else { return "too many" }
        queue.taskDone()
        return "ok"
      default: return "\(queue.count) \(queue.unfinishedCount)"
      }
    }
  }

  static let queueProgram = """
    import queue, sys
    lines = sys.stdin.read().split("\\n")
    order, capacity = lines[0].split()
    kind = {"fifo": queue.Queue, "lifo": queue.LifoQueue, "priority": queue.PriorityQueue}[order]
    q = kind(int(capacity))
    for line in lines[1:]:
        words = line.split()
        try:
            if words[0] == "put":
                q.put_nowait(int(words[1])); print("ok")
            elif words[0] == "get":
                print(q.get_nowait())
            elif words[0] == "done":
                q.task_done(); print("ok")
            else:
                print(q.qsize(), q.unfinished_tasks)
        except queue.Full: print("full")
        except queue.Empty: print("empty")
        except ValueError: print("too many")
    """

  /// A semaphore's life: first its permits, then calls.
  static func semaphore(seed: UInt64, count: Int) -> [String] {
    var generator = SeededGenerator(seed: seed)
    let calls = (0..<count).map { _ in
      Bool.random(using: &generator) ? "acquire" : "release \(Int.random(in: 1...3, using: &generator))"
    }
    return ["\(Int.random(in: 0...4, using: &generator))"] + calls
  }

  static func answers(toSemaphore lines: [String]) -> [String] {
    let semaphore = Semaphore(permits: Int(lines[0])!)
    return lines.dropFirst().map { call in
      let words = call.split(separator: " ")
      if words[0] == "acquire" { return "\(semaphore.tryAcquire())" }
      semaphore.release(Int(words[1])!)
      return "released"
    }
  }

  static let semaphoreProgram = """
    import sys, threading
    lines = sys.stdin.read().split("\\n")
    semaphore = threading.Semaphore(int(lines[0]))
    for line in lines[1:]:
        words = line.split()
        if words[0] == "acquire":
            print("true" if semaphore.acquire(blocking=False) else "false")
        else:
            semaphore.release(int(words[1])); print("released")
    """
}
