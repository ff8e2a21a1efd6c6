import SkeinSync
import SkeinTesting
import Testing

@Suite("WaitQueue")
struct WaitQueueTests {
  private typealias Place = WaitQueue<Int>.Place

  private func place(_ request: Int) -> Place {
    Place(waiter: Waiter(), asker: Asker(at: SourcePlace(), isTimed: false, isThread: true), request: request)
  }

  /// Empties the queue, and gives the requests in their order.
  private func drain(_ queue: inout WaitQueue<Int>) -> [Int] {
    var wakes = WakeList()
    var requests: [Int] = []
    while let place = queue.claimFirst(as: .granted, &wakes) { requests.append(place.request) }
    wakes.resumeAll()
    return requests
  }

  @Test("first in, first out")
  func order() {
    var queue = WaitQueue<Int>()
    for request in 0..<5 { queue.append(place(request)) }
    let (count, first) = (queue.count, queue.first?.request)
    #expect(count == 5 && first == 0)
    let requests = drain(&queue)
    #expect(requests == [0, 1, 2, 3, 4])
    let isEmpty = queue.isEmpty && queue.count == 0
    #expect(isEmpty)
  }

  @Test("a place is taken out wherever it stands, once", arguments: 0..<5)
  func removal(index: Int) {
    var queue = WaitQueue<Int>()
    let places = (0..<5).map(place)
    for place in places { queue.append(place) }
    let removals = [queue.remove(places[index]), queue.remove(places[index])]
    #expect(removals == [true, false])
    let requests = drain(&queue)
    #expect(requests == (0..<5).filter { $0 != index })
  }

  @Test("a waiter that was claimed elsewhere is passed over")
  func claimedElsewhere() {
    var queue = WaitQueue<Int>()
    let places = (0..<3).map(place)
    for place in places { queue.append(place) }
    #expect(places[0].waiter.claim(.timedOut))
    let requests = drain(&queue)
    #expect(requests == [1, 2])
    #expect(places.map(\.waiter.outcome) == [.timedOut, .granted, .granted])
  }

  @Test("a claim is won once")
  func claim() {
    let waiter = Waiter()
    #expect(waiter.outcome == nil)
    #expect(waiter.claim(.granted))
    #expect(!waiter.claim(.cancelled))
    #expect(waiter.outcome == .granted)
  }

  @Test("those whose request fits are claimed in order, the others stay")
  func claimByRequest() {
    var queue = WaitQueue<Int>()
    var wakes = WakeList()
    for request in 0..<6 { queue.append(place(request)) }
    queue.claimAll(as: .closed, where: { $0.isMultiple(of: 2) }, &wakes)
    wakes.resumeAll()
    let requests = drain(&queue)
    #expect(requests == [1, 3, 5])
  }

  @Test("any row of appends and removals leaves what a plain array would", arguments: [1, 2, 3, 4])
  func againstArray(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var queue = WaitQueue<Int>()
    var model: [Place] = []
    for step in 0..<1000 {
      if model.isEmpty || Int.random(in: 0..<5, using: &generator) < 3 {
        let place = place(step)
        queue.append(place)
        model.append(place)
      } else {
        let index = Int.random(in: 0..<model.count, using: &generator)
        let isRemoved = queue.remove(model.remove(at: index))
        #expect(isRemoved)
      }
      let (count, first) = (queue.count, queue.first)
      #expect(count == model.count)
      #expect(first === model.first)
    }
    let requests = drain(&queue)
    #expect(requests == model.map(\.request))
  }
}
