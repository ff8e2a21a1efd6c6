/// In which order a queue gives its elements.
public enum ElementOrder: Sendable {
  /// First in, first out.
  case fifo
  /// Last in, first out.
  case lifo
  /// By rank, whichever came first.
  case sorted(by: @Sendable (Int, Int) -> Bool)

  /// The order in which elements come out that went in together.
  func arranged(_ elements: [Int]) -> [Int] {
    switch self {
    case .fifo: elements
    case .lifo: elements.reversed()
    case .sorted(let precedes): elements.sorted(by: precedes)
    }
  }

  var isFIFO: Bool {
    if case .fifo = self { return true }
    return false
  }
}

/// Puts an implementation of a queue through what every queue must do: its order, its capacity, waits that
/// end by an element, a deadline, a cancellation or a shutdown, and no element lost or given twice.
///
/// ```swift
/// try await exerciseQueue(order: .fifo) { QueueUnderTest(Queue<Int>(capacity: $0)) }
/// ```
///
/// - Parameters:
///   - order: the order in which elements come out.
///   - forms: the forms of waiting that the queue has. With both, tasks and threads wait for each other.
///   - isFair: whether those who wait are served first in, first out.
///   - limit: how much real time each rule may take; generous, for it is reached only when the queue is wrong.
///   - only: the one rule to check, in the words of ``ConformanceFailure/rule``; `nil` for all.
///   - makeQueue: makes an empty queue; with no capacity, an unbounded one.
/// - Throws: ``ConformanceFailure`` for the first rule that is broken; `CancellationError`.
/// - Source: the common tests of crossbeam's channels; shutdown and join as in CPython's `queue`.
public func exerciseQueue<Q: ExercisableQueue<Int>>(
  order: ElementOrder, forms: [WaitingForm] = WaitingForm.allCases, isFair: Bool = true,
  limit: Duration = .seconds(60), only: String? = nil,
  _ makeQueue: @escaping @Sendable (_ capacity: Int?) throws -> Q
) async throws {
  let exercise = QueueExercise(order: order, forms: forms, isFair: isFair, makeQueue: makeQueue)
  try await checkRules(of: "the queue", exercise.rules, limit: limit, only: only)
}

struct QueueExercise<Q: ExercisableQueue<Int>>: Sendable {
  let order: ElementOrder
  let forms: [WaitingForm]
  let isFair: Bool
  let makeQueue: @Sendable (Int?) throws -> Q

  var rules: [Rule] {
    var rules = [
      Rule("elements come out in its order", elementOrder),
      Rule("it holds as many as its capacity", capacity),
      Rule("a get waits for a put", getWaits),
      Rule("a put waits for room", putWaits),
      Rule("a timed wait ends without an element moved", timeout),
    ]
    if forms.contains(.task) {
      rules += [
        Rule("a cancelled wait ends without an element moved", cancellation)
      ]
    }
    if isFair {
      rules += [
        Rule("those who get are served first in, first out", gettersInOrder),
        Rule("those who put are served first in, first out", puttersInOrder),
      ]
    }
    rules += [
      Rule("a join waits until all elements have been dealt with", join),
      Rule("a shutdown wakes all who wait", shutdownWakes),
      Rule("a shutdown that drains keeps what is inside, and takes nothing", drain),
      Rule("an immediate shutdown drops what is inside", immediate),
      Rule("one producer and one consumer exchange all elements", oneToOne),
      Rule("many producers and consumers exchange each element once", manyToMany),
    ]
    return rules
  }

  /// Forms of one who waits and one who acts.
  var pairs: [(WaitingForm, WaitingForm)] { forms.flatMap { first in forms.map { (first, $0) } } }

  // MARK: What is inside

  @Sendable func elementOrder() async throws {
    for form in forms {
      let queue = try makeQueue(nil)
      try require(queue.tryGet() == nil, "an empty queue gave an element")
      let elements = [3, 1, 4, 0, 5, 9, 2, 6]
      for (index, element) in elements.enumerated() {
        if index % 2 == 0 { try await queue.put(element, as: form) } else { _ = queue.tryPut(element) }
      }
      try require(queue.count == 8, "8 elements count as \(queue.count)")
      var taken: [Int] = []
      for _ in 0..<4 {
        taken.append(try await queue.get(as: form))
        taken += queue.tryGet().map { [$0] } ?? []
      }
      try require(taken == order.arranged(elements), "\(elements) came out as \(taken)")
      try require(queue.count == 0 && queue.tryGet() == nil, "something is left")
    }
  }

  @Sendable func capacity() async throws {
    let queue = try makeQueue(3)
    for element in 0..<3 { try require(queue.tryPut(element), "there was no room for element \(element)") }
    try require(!queue.tryPut(3), "a full queue took one more element")
    try require(queue.count == 3, "3 elements count as \(queue.count)")
    try require(queue.tryGet() != nil && queue.tryPut(4), "a get made no room")
    let unbounded = try makeQueue(nil)
    for element in 0..<1000 { try require(unbounded.tryPut(element), "an unbounded queue is full") }
    try require(unbounded.count == 1000, "1000 elements count as \(unbounded.count)")
  }

  // MARK: Waiting

  @Sendable func getWaits() async throws {
    for (getter, putter) in pairs {
      let queue = try makeQueue(1)
      let waiting = try await queue.startGetting(as: getter)
      try await queue.put(7, as: putter)
      try require(try await waiting.value == 7, "a \(getter) got something else from a \(putter)")
      try require(queue.count == 0 && queue.waiterCount == 0, "elements or waiters are left over")
    }
  }

  @Sendable func putWaits() async throws {
    for (putter, getter) in pairs {
      let queue = try makeQueue(1)
      try await queue.put(1, as: putter)
      let waiting = try await queue.startPutting(2, as: putter)
      try require(queue.count == 1, "a full queue counts \(queue.count) elements")
      let first = try await queue.get(as: getter)
      try await waiting.value
      let second = try await queue.get(as: getter)
      try require((first, second) == (1, 2), "a \(putter)'s 1 and 2 came out as \(first) and \(second)")
    }
  }

  @Sendable func timeout() async throws {
    for form in forms {
      let queue = try makeQueue(1)
      for timeout in [Duration.seconds(-1), .zero, .milliseconds(1)] {
        try await require("a \(form)'s get should have timed out", throws: isTimeout) {
          try await queue.get(timeout: timeout, as: form)
        }
      }
      try await queue.put(1, timeout: .zero, as: form)
      for timeout in [Duration.seconds(-1), .zero, .milliseconds(1)] {
        try await require("a \(form)'s put should have timed out", throws: isTimeout) {
          try await queue.put(2, timeout: timeout, as: form)
        }
      }
      try require(try await queue.get(timeout: .zero, as: form) == 1, "another element was inside")
      try require(queue.tryGet() == nil && queue.waiterCount == 0, "elements or waiters are left over")
    }
  }

  @Sendable func cancellation() async throws {
    let queue = try makeQueue(1)
    let getting = try await queue.startGetting(as: .task)
    getting.cancel()
    try await require("a cancelled get should have failed", throws: isCancelled) { try await getting.value }
    try require(queue.tryPut(1) && queue.count == 1, "a cancelled get took an element")
    let putting = try await queue.startPutting(2, as: .task)
    putting.cancel()
    try await require("a cancelled put should have failed", throws: isCancelled) { try await putting.value }
    try require(queue.tryGet() == 1 && queue.tryGet() == nil, "a cancelled put left its element")
    try require(queue.waiterCount == 0, "a cancelled wait still counts")
  }
}
