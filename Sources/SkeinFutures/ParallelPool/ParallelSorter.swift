/// What comes before what. A type rather than a closure, so that a sort is compiled for it.
@usableFromInline
protocol SortOrder<Element>: Sendable {
  associatedtype Element: Sendable
  func precedes(_ left: Element, _ right: Element) -> Bool
}

@usableFromInline
struct AscendingOrder<Element: Comparable & Sendable>: SortOrder {
  @inlinable
  init() {}

  @inlinable
  func precedes(_ left: Element, _ right: Element) -> Bool { left < right }
}

@usableFromInline
struct ClosureOrder<Element: Sendable>: SortOrder {
  @usableFromInline let areInIncreasingOrder: @Sendable (Element, Element) -> Bool

  @inlinable
  init(_ areInIncreasingOrder: @escaping @Sendable (Element, Element) -> Bool) {
    self.areInIncreasingOrder = areInIncreasingOrder
  }

  @inlinable
  func precedes(_ left: Element, _ right: Element) -> Bool { areInIncreasingOrder(left, right) }
}

/// A quicksort whose halves are sorted at the same time.
///
/// Elements are moved without a branch on the comparison, which no processor could foretell. A part that splits badly
/// again and again is left to the standard library's sort.
///
/// - Source: the pattern-defeating quicksort of O. Peters (2021), with the cyclic Lomuto partition of L. Bergdoll
///   (2023).
@usableFromInline
struct ParallelSorter<Order: SortOrder>: Sendable {
  @usableFromInline typealias Element = Order.Element
  @usableFromInline typealias Buffer = UnsafeMutableBufferPointer<Element>

  @usableFromInline let order: Order
  @usableFromInline let core: ParallelCore
  @usableFromInline let stop: LoopStop

  @inlinable
  init(order: Order, core: ParallelCore, stop: LoopStop) {
    self.order = order
    self.core = core
    self.stop = stop
  }

  /// So few are sorted by insertion.
  @inlinable static var insertionLimit: Int { 20 }
  /// So few are sorted by one worker.
  @inlinable static var sequentialLimit: Int { 4096 }

  /// Whether the elements are sorted now because they were in order, or in the opposite one.
  @inlinable
  func makesOneRun(_ elements: Buffer) -> Bool {
    guard elements.count > 1 else { return true }
    let descends = order.precedes(elements[1], elements[0])
    for index in 2..<max(2, elements.count)
    where order.precedes(elements[index], elements[index - 1]) != descends { return false }
    if descends {
      var elements = elements
      elements.reverse()
    }
    return true
  }

  @inlinable
  func sort(_ elements: Buffer) {
    sort(elements, splits: 2 * (Int.bitWidth - elements.count.leadingZeroBitCount), after: nil)
  }

  /// - Parameters:
  ///   - splits: how many times it may be split.
  ///   - predecessor: the element before these, which are not less than it.
  @inlinable
  func sort(_ elements: Buffer, splits: Int, after predecessor: UnsafeMutablePointer<Element>?) {
    var (elements, splits, predecessor) = (elements, splits, predecessor)
    while elements.count > Self.insertionLimit, !stop.isSet {
      guard splits > 0 else { return elements.sort(by: order.precedes) }
      splits -= 1
      elements.swapAt(0, pivot(of: elements))
      if let before = predecessor, !order.precedes(before.pointee, elements[0]) {
        // The pivot is as small as what comes before: so are those that are equal to it, which are done with that.
        elements = elements.part(from: partition(elements) { !order.precedes($1, $0) } + 1)
        predecessor = nil
        continue
      }
      let middle = partition(elements) { order.precedes($0, $1) }
      let (left, right) = (elements.part(to: middle), elements.part(from: middle + 1))
      let next = elements.baseAddress! + middle
      if elements.count > Self.sequentialLimit, let worker = core.currentWorker {
        return fork(worker, (left, predecessor), (right, next), splits)
      }
      if left.count < right.count {
        sort(left, splits: splits, after: predecessor)
        (elements, predecessor) = (right, next)
      } else {
        sort(right, splits: splits, after: next)
        elements = left
      }
    }
    insert(elements)
  }

  @inlinable
  func fork(
    _ worker: ParallelWorker, _ left: (Buffer, after: UnsafeMutablePointer<Element>?),
    _ right: (Buffer, after: UnsafeMutablePointer<Element>?), _ splits: Int
  ) {
    _ = worker.join(
      { sort(left.0, splits: splits, after: left.after) },
      { sort(right.0, splits: splits, after: right.after) })
  }

  /// The index of an element near the middle: the median of three, or of three medians.
  @inlinable
  func pivot(of elements: Buffer) -> Int {
    let eighth = elements.count / 8
    let (first, middle, last) = (eighth, 4 * eighth, 7 * eighth)
    guard elements.count > 128 else { return median(elements, first, middle, last) }
    let step = eighth / 4
    return median(
      elements, median(elements, first - step, first, first + step),
      median(elements, middle - step, middle, middle + step), median(elements, last - step, last, last + step)
    )
  }

  @inlinable
  func median(_ elements: Buffer, _ a: Int, _ b: Int, _ c: Int) -> Int {
    let aFirst = order.precedes(elements[a], elements[b])
    if aFirst != order.precedes(elements[a], elements[c]) { return a }
    return aFirst == order.precedes(elements[b], elements[c]) ? b : c
  }

  /// Moves those that belong to the left of the pivot, the first element, there, and the pivot between them and the
  /// others. Returns where it is then.
  ///
  /// One element is taken out, so that there is always a gap. In each step the leftmost of those to the right moves
  /// into the gap and the one looked at into its place, where it stays if it belongs to the left.
  @inlinable
  func partition(_ elements: Buffer, _ belongsLeft: (_ element: Element, _ pivot: Element) -> Bool) -> Int {
    let pivot = elements[0]
    let base = elements.baseAddress! + 1
    let end = elements.baseAddress! + elements.count
    let taken = base.move()
    var gap = base
    var leftCount = 0
    var next = base + 1
    while next != end {
      let isLeft = belongsLeft(next.pointee, pivot)
      let boundary = base + leftCount
      gap.initialize(to: boundary.move())
      boundary.initialize(to: next.move())
      gap = next
      leftCount += isLeft ? 1 : 0
      next += 1
    }
    let boundary = base + leftCount
    gap.initialize(to: boundary.move())
    boundary.initialize(to: taken)
    leftCount += belongsLeft(boundary.pointee, pivot) ? 1 : 0
    elements.swapAt(0, leftCount)
    return leftCount
  }

  @inlinable
  func insert(_ elements: Buffer) {
    guard let start = elements.baseAddress, elements.count > 1, elements.count <= Self.insertionLimit else {
      return
    }
    for index in 1..<elements.count where order.precedes(start[index], start[index - 1]) {
      let value = (start + index).move()
      var gap = start + index
      repeat {
        gap.initialize(to: (gap - 1).move())
        gap -= 1
      } while gap != start && order.precedes(value, (gap - 1).pointee)
      gap.initialize(to: value)
    }
  }
}

extension UnsafeMutableBufferPointer {
  @inlinable
  func part(from index: Int) -> Self { Self(rebasing: self[index...]) }

  @inlinable
  func part(to index: Int) -> Self { Self(rebasing: self[..<index]) }
}
