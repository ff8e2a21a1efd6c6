extension ParallelPool {
  /// Sorts an array in place, and blocks until that is done.
  ///
  /// The order of elements that are equal is not kept.
  ///
  /// - Parameter elements: what is to be sorted.
  /// - Complexity: O(*n* log *n*) comparisons for *n* elements, spread over the workers; O(*n*) when they are sorted
  ///   already, in either direction.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable
  public func sort<Element: Comparable & Sendable>(_ elements: inout [Element]) {
    sort(&elements, in: AscendingOrder(), stop: nil)
  }

  /// Sorts an array in place by an order of its own, and blocks until that is done.
  ///
  /// The order of elements that are equal is not kept.
  ///
  /// - Parameters:
  ///   - elements: what is to be sorted.
  ///   - areInIncreasingOrder: whether the first comes before the second; a strict weak order.
  /// - Complexity: O(*n* log *n*) comparisons for *n* elements, spread over the workers.
  @available(*, noasync, message: "this form blocks the thread; await the asynchronous one")
  @inlinable
  public func sort<Element: Sendable>(
    _ elements: inout [Element], by areInIncreasingOrder: @escaping @Sendable (Element, Element) -> Bool
  ) {
    sort(&elements, in: ClosureOrder(areInIncreasingOrder), stop: nil)
  }

  /// Sorts an array, and suspends the task until that is done.
  ///
  /// - Parameter elements: what is to be sorted.
  /// - Returns: the elements in ascending order; that of equal ones is not kept.
  /// - Throws: `CancellationError`; ``PoolError/shutDown(pool:)``.
  /// - Cancellation: parts that have not begun are left out; the call ends when the others have.
  /// - Complexity: O(*n* log *n*) comparisons for *n* elements, spread over the workers.
  @inlinable
  public func sorted<Element: Comparable & Sendable>(_ elements: [Element]) async throws -> [Element] {
    try await stoppable { stop in
      var elements = elements
      self.sort(&elements, in: AscendingOrder(), stop: stop)
      return elements
    }
  }

  /// Sorts an array by an order of its own, and suspends the task until that is done.
  ///
  /// - Parameters:
  ///   - elements: what is to be sorted.
  ///   - areInIncreasingOrder: whether the first comes before the second; a strict weak order.
  /// - Returns: the elements in order; that of equal ones is not kept.
  /// - Throws: `CancellationError`; ``PoolError/shutDown(pool:)``.
  /// - Cancellation: parts that have not begun are left out; the call ends when the others have.
  /// - Complexity: O(*n* log *n*) comparisons for *n* elements, spread over the workers.
  @inlinable
  public func sorted<Element: Sendable>(
    _ elements: [Element], by areInIncreasingOrder: @escaping @Sendable (Element, Element) -> Bool
  ) async throws -> [Element] {
    try await stoppable { stop in
      var elements = elements
      self.sort(&elements, in: ClosureOrder(areInIncreasingOrder), stop: stop)
      return elements
    }
  }

  @available(*, noasync)
  @inlinable
  func sort<Order: SortOrder>(_ elements: inout [Order.Element], in order: Order, stop: LoopStop?) {
    elements.withUnsafeMutableBufferPointer { buffer in
      let sorter = ParallelSorter(order: order, core: core, stop: stop ?? LoopStop())
      if sorter.makesOneRun(buffer) { return }
      onWorker {
        sorter.sort(buffer)
      } orAlone: {
        sorter.sort(buffer)
      }
    }
  }
}
