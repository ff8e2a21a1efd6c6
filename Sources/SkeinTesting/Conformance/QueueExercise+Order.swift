internal import SkeinSync

extension QueueExercise {
  // MARK: Fairness

  @Sendable func gettersInOrder() async throws {
    let queue = try makeQueue(nil)
    try await requireServedInOrder(forms, { queue.waiterCount }, offer: { queue.tryPut($0) }) { form in
      try await queue.get(as: form)
    }
  }

  @Sendable func puttersInOrder() async throws {
    let queue = try makeQueue(1)
    try require(queue.tryPut(-1), "an empty queue is full")
    var putters: [Task<Void, any Error>] = []
    for index in 0..<6 { putters.append(try await queue.startPutting(index, as: forms.form(index))) }
    var got: [Int] = []
    for _ in 0...6 { got.append(try await queue.get(as: forms[0])) }
    for putter in putters { try await putter.value }
    try require(got == Array(-1..<6), "those who waited put their elements as \(got)")
  }

  // MARK: Join

  @Sendable func join() async throws {
    for form in forms {
      let queue = try makeQueue(nil)
      try await queue.join(as: form)
      for element in 0..<2 { try await queue.put(element, as: form) }
      let (hasBegun, hasEnded) = (Event(), Flag())
      let joining = Task {
        hasBegun.set()
        try await queue.join(as: form)
        hasEnded.set()
      }
      try await hasBegun.wait()
      for _ in 0..<2 {
        _ = try await queue.get(as: form)
        // A join does not count as a waiter everywhere: it is given a few turns to end too early.
        for _ in 0..<20 { await Task.yield() }
        try require(!hasEnded.isSet, "a \(form)'s join ended before the last taskDone()")
        queue.taskDone()
      }
      try await joining.value
    }
  }

  // MARK: Shutdown

  @Sendable func shutdownWakes() async throws {
    for shutdown in [Q.shutdownDraining, Q.shutdownImmediately] {
      let (empty, full) = (try makeQueue(1), try makeQueue(1))
      try require(full.tryPut(0), "an empty queue is full")
      var getters: [Task<Int, any Error>] = []
      var putters: [Task<Void, any Error>] = []
      for form in forms + forms {
        getters.append(try await empty.startGetting(as: form))
        putters.append(try await full.startPutting(1, as: form))
      }
      shutdown(empty)()
      shutdown(full)()
      for getter in getters {
        try await require("a get that waited", throws: isClosed) { try await getter.value }
      }
      for putter in putters {
        try await require("a put that waited", throws: isClosed) { try await putter.value }
      }
    }
  }

  @Sendable func drain() async throws {
    for form in forms {
      let queue = try makeQueue(nil)
      for element in 0..<4 { try await queue.put(element, as: form) }
      queue.shutdownDraining()
      try await require("a put after shutdown", throws: isClosed) { try await queue.put(9, as: form) }
      try require(!queue.tryPut(9), "a try put an element after shutdown")
      var got: [Int] = []
      for _ in 0..<4 { got.append(try await queue.get(as: form)) }
      try require(got == order.arranged(Array(0..<4)), "0 to 3 were drained as \(got)")
      try await require("a get when all is drained", throws: isClosed) { try await queue.get(as: form) }
      for _ in 0..<4 { queue.taskDone() }
      try await queue.join(as: form)
    }
  }

  @Sendable func immediate() async throws {
    for form in forms {
      let queue = try makeQueue(nil)
      for element in 0..<4 { try await queue.put(element, as: form) }
      queue.shutdownImmediately()
      try require(queue.count == 0, "\(queue.count) elements are left")
      try require(queue.tryGet() == nil, "a try got an element")
      try await require("a get", throws: isClosed) { try await queue.get(as: form) }
      try await require("a put", throws: isClosed) { try await queue.put(9, as: form) }
      try require(!queue.tryPut(9), "a try put an element")
      // What was dropped needs no taskDone().
      try await queue.join(as: form)
    }
  }

  // MARK: Stress

  @Sendable func oneToOne() async throws {
    for (putter, getter) in pairs {
      for capacity in [1, 3, nil] {
        let queue = try makeQueue(capacity)
        async let getting = consume(queue, as: getter)
        try await produce(Array(0..<100), into: queue, as: putter)
        queue.shutdownDraining()
        let got = try await getting
        try requireEachOnce(got, count: 100)
        try require(!order.isFIFO || got == Array(0..<100), "a \(putter)'s elements came out as \(got)")
      }
    }
  }

  @Sendable func manyToMany() async throws {
    let (queue, all) = (try makeQueue(4), Lock<[[Int]]>([]))
    async let getting: Void = runInTasks(4) { [forms] index in
      let got = try await consume(queue, as: forms.form(index))
      all.withLock { $0.append(got) }
    }
    try await runInTasks(4) { [forms] index in
      try await produce(Array(index * 50..<(index + 1) * 50), into: queue, as: forms.form(index))
    }
    queue.shutdownDraining()
    try await getting
    let got = all.withLock { $0 }
    try requireEachOnce(got.flatMap(\.self), count: 200)
    let isInOrder = got.allSatisfy { part in
      (0..<4).allSatisfy { producer in
        let own = part.filter { $0 / 50 == producer }
        return own == own.sorted()
      }
    }
    try require(!order.isFIFO || isInOrder, "one producer's elements came out of order: \(got)")
  }
}

/// Puts all elements, on one thread or in one task.
private func produce<Q: ExercisableQueue<Int>>(
  _ elements: [Int], into queue: Q, as form: WaitingForm
) async throws {
  switch form {
  case .task: for element in elements { try await queue.put(element) }
  case .thread: try await onThread { for element in elements { try queue.put(element) } }
  }
}

/// Gets elements until the queue is shut down and empty, on one thread or in one task.
private func consume<Q: ExercisableQueue<Int>>(_ queue: Q, as form: WaitingForm) async throws -> [Int] {
  switch form {
  case .task:
    var got: [Int] = []
    do { while true { got.append(try await queue.get()) } } catch  where isClosed(error) { return got }
  case .thread:
    return try await onThread {
      var got: [Int] = []
      do { while true { got.append(try queue.get()) } } catch  where isClosed(error) { return got }
    }
  }
}

/// Makes sure that the numbers from 0 to `count` are there, and each of them once.
func requireEachOnce(_ elements: [Int], count: Int) throws {
  let missing = Set(0..<count).subtracting(elements)
  try require(missing.isEmpty, "elements \(missing.sorted()) were lost")
  try require(elements.count == count, "\(elements.count) elements came out where \(count) went in")
}
