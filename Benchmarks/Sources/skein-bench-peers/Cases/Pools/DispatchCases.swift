import Dispatch

/// Dispatch's own threads, as many as there are processors, with a work item for each job.
struct DispatchPool: PoolUnderTest {
  static let name = "DispatchWorkItem"

  final class Job: @unchecked Sendable {
    // Sendable because the value is written before the item ends, and read after that.
    var value = 0
    var item: DispatchWorkItem!
  }

  private let queue: DispatchQueue

  init(threads: Int) {
    queue = DispatchQueue(label: "bench", attributes: threads == 1 ? [] : .concurrent)
  }

  func submit(_ body: @escaping @Sendable () -> Int) -> Job {
    let job = Job()
    job.item = DispatchWorkItem { [unowned job] in job.value = body() }
    queue.async(execute: job.item)
    return job
  }

  func result(of job: Job) -> Int {
    job.item.wait()
    return job.value
  }

  func shutdown() {}
}

let dispatchSubmitCases = submitCases(DispatchPool.self)
/// Not what idle workers cost: it can not be asked for eight of them.
let dispatchScalingCases = growthCases(DispatchPool.self)

@Sendable func dispatchFour(_ body: @escaping @Sendable (Int) -> Void) {
  let group = DispatchGroup()
  for index in 0..<4 { DispatchQueue.global().async(group: group) { body(index) } }
  group.wait()
}

private let chunks = 16

let dispatchComputeCases = [
  MeasuredCase("map", by: "concurrentPerform", fixed: Elements.count, prepare: { Elements.doubles }) {
    doubles in
    let size = doubles.count / chunks
    let roots = doubles.withUnsafeBufferPointer { input in
      [Double](unsafeUninitializedCapacity: input.count) { output, count in
        nonisolated(unsafe) let (input, output) = (input, output)
        DispatchQueue.concurrentPerform(iterations: chunks) { chunk in
          for index in chunk * size..<(chunk + 1) * size {
            output.initializeElement(at: index, to: input[index].squareRoot() * 1.5 + 1)
          }
        }
        count = input.count
      }
    }
    precondition(roots[4] == 4)
  },
  MeasuredCase("reduce", by: "concurrentPerform", fixed: Elements.count, prepare: { Elements.integers }) {
    integers in
    let size = integers.count / chunks
    var partials = [Int64](repeating: 0, count: chunks)
    integers.withUnsafeBufferPointer { input in
      partials.withUnsafeMutableBufferPointer { partials in
        nonisolated(unsafe) let (input, partials) = (input, partials)
        DispatchQueue.concurrentPerform(iterations: chunks) { chunk in
          var sum: Int64 = 0
          for index in chunk * size..<(chunk + 1) * size { sum &+= (input[index] &* input[index]) & 1023 }
          partials[chunk] = sum
        }
      }
    }
    precondition(partials.reduce(0, &+) == Elements.expectedSum)
  },
  MeasuredCase("sort", by: "Array.sort, one thread", fixed: Elements.count, prepare: Elements.makeRandom) {
    numbers in
    numbers.sort()
    precondition(Elements.areSorted(numbers))
  },
]
