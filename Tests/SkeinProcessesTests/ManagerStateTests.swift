import FoundationEssentials
import SkeinTesting
import Testing

@testable import SkeinProcesses

@Suite("ManagerState")
struct ManagerStateTests {
  typealias Delivery = ManagerState.Delivery

  private func make(_ request: ManagerRequest, in state: inout ManagerState) throws -> ManagedID {
    let deliveries = state.perform(request, from: 0)
    guard case .made(let id)? = deliveries.first?.reply else { throw ManagerError.noSuchObject }
    return id
  }

  private func item(_ number: UInt8) -> Data { Data([number]) }

  @Test("a lock goes to who asks next, and tells when its owner died")
  func lock() throws {
    var state = ManagerState()
    let lock = try make(.makeLock, in: &state)
    #expect(
      state.perform(.lock(lock, .acquire), from: 1) == [
        Delivery(session: 1, reply: .acquired(ownerDied: false))
      ])
    #expect(
      state.perform(.lock(lock, .tryAcquire), from: 2) == [Delivery(session: 2, reply: .outcome(false))])
    for session in [2, 3, 4] as [ManagerState.Session] {
      #expect(state.perform(.lock(lock, .acquire), from: session) == [])
    }
    #expect(state.perform(.lock(lock, .release), from: 9) == [Delivery(session: 9, reply: .failed(.notHeld))])
    #expect(state.perform(.giveUp, from: 3) == [Delivery(session: 3, reply: .gaveUp)])
    #expect(state.perform(.giveUp, from: 3) == [], "nothing to give up has no answer")
    #expect(
      state.perform(.lock(lock, .release), from: 1) == [
        Delivery(session: 1, reply: .done), Delivery(session: 2, reply: .acquired(ownerDied: false)),
      ])
    #expect(state.perform(.giveUp, from: 2) == [], "it has the lock already")
    #expect(state.end(2) == [Delivery(session: 4, reply: .acquired(ownerDied: true))])
    #expect(state.end(4) == [])
    #expect(
      state.perform(.lock(lock, .acquire), from: 5) == [
        Delivery(session: 5, reply: .acquired(ownerDied: true))
      ])
    #expect(state.end(2) == [], "what it had is not its any more")
    _ = state.perform(.lock(lock, .release), from: 5)
    #expect(
      state.perform(.lock(lock, .tryAcquire), from: 6) == [
        Delivery(session: 6, reply: .acquired(ownerDied: false))
      ])
  }

  @Test("a queue serves who waits in order, and an item that nobody got comes first")
  func queue() throws {
    var state = ManagerState()
    let queue = try make(.makeQueue(capacity: 1), in: &state)
    #expect(state.perform(.queue(queue, .tryGet), from: 1) == [Delivery(session: 1, reply: .value(nil))])
    #expect(state.perform(.queue(queue, .get), from: 1) == [])
    #expect(state.perform(.queue(queue, .get), from: 2) == [])
    #expect(state.end(1) == [])
    let toSecond = Delivery(session: 2, reply: .value(item(7)), source: queue)
    #expect(
      state.perform(.queue(queue, .put(item(7))), from: 3) == [
        Delivery(session: 3, reply: .outcome(true)), toSecond,
      ])
    #expect(state.perform(.queue(queue, .put(item(8))), from: 3).map(\.reply) == [.outcome(true)])
    #expect(state.perform(.queue(queue, .tryPut(item(9))), from: 3).map(\.reply) == [.outcome(false)])
    #expect(state.perform(.queue(queue, .put(item(9))), from: 4) == [])
    #expect(state.restore(toSecond) == [])
    #expect(state.perform(.queue(queue, .get), from: 5).map(\.reply) == [.value(item(7))])
    #expect(
      state.perform(.queue(queue, .get), from: 5).map(\.reply) == [.value(item(8)), .outcome(true)],
      "then there is room for who waits")
    #expect(state.perform(.giveUp, from: 4) == [])
    #expect(state.perform(.queue(queue, .put(item(1))), from: 4) == [])
    #expect(state.perform(.queue(queue, .close), from: 6).map(\.reply) == [.done, .closed])
    #expect(state.perform(.queue(queue, .get), from: 5).map(\.reply) == [.value(item(9))])
    #expect(state.perform(.queue(queue, .get), from: 5).map(\.reply) == [.closed])
    #expect(state.perform(.makeQueue(capacity: 0), from: 1).map(\.reply) == [.failed(.invalidCapacity(0))])
  }

  @Test("an item that its session did not live to get goes to who waits")
  func restoring() throws {
    var state = ManagerState()
    let queue = try make(.makeQueue(capacity: nil), in: &state)
    _ = state.perform(.queue(queue, .put(item(1))), from: 1)
    let lost = state.perform(.queue(queue, .get), from: 2)
    #expect(state.perform(.queue(queue, .get), from: 3) == [])
    let again = state.restore(try #require(lost.first))
    #expect(again == [Delivery(session: 3, reply: .value(item(1)), source: queue)])
    // It has no wait left to give up.
    #expect(state.perform(.giveUp, from: 3) == [])
  }

  @Test("who waits for an object that is removed is told")
  func removal() throws {
    var state = ManagerState()
    let (lock, queue) = (try make(.makeLock, in: &state), try make(.makeQueue(capacity: 1), in: &state))
    _ = state.perform(.lock(lock, .acquire), from: 1)
    _ = state.perform(.lock(lock, .acquire), from: 2)
    _ = state.perform(.queue(queue, .get), from: 3)
    #expect(state.perform(.remove(lock), from: 9).map(\.reply) == [.done, .failed(.noSuchObject)])
    #expect(state.perform(.remove(queue), from: 9).map(\.reply) == [.done, .failed(.noSuchObject)])
    #expect(state.perform(.remove(queue), from: 9).map(\.reply) == [.failed(.noSuchObject)])
    #expect(state.perform(.giveUp, from: 2) == [] && state.end(1) == [] && state.end(3) == [])
    #expect(state.perform(.lock(lock, .release), from: 1).map(\.reply) == [.failed(.noSuchObject)])
  }

  @Test("lists, dictionaries and counters refuse what they can not do, and change nothing")
  func refusals() throws {
    var state = ManagerState()
    let (list, counter) = (try make(.makeList, in: &state), try make(.makeCounter(.max), in: &state))
    let beyond = ManagerReply.failed(.outOfBounds(index: 2, count: 1))
    _ = state.perform(.list(list, .append([item(1)])), from: 1)
    for operation in [.value(at: 2), .set(item(2), at: 2), .remove(at: 2), .insert(item(2), at: 2)]
      as [ListOperation]
    {
      #expect(state.perform(.list(list, operation), from: 1).map(\.reply) == [beyond])
    }
    #expect(
      state.perform(.list(list, .value(at: -1)), from: 1).map(\.reply) == [
        .failed(.outOfBounds(index: -1, count: 1))
      ])
    #expect(state.perform(.counter(counter, .add(1)), from: 1).map(\.reply) == [.failed(.overflow)])
    #expect(state.perform(.counter(counter, .exchange(1)), from: 1).map(\.reply) == [.number(.max)])
    let dictionary = try make(.makeDictionary, in: &state)
    let exchange = DictionaryOperation.exchange(key: item(1), expected: item(0), desired: item(2))
    #expect(state.perform(.dictionary(dictionary, exchange), from: 1).map(\.reply) == [.outcome(false)])
    #expect(state.perform(.dictionary(list, .count), from: 1).map(\.reply) == [.failed(.noSuchObject)])
  }

  @Test(
    "whatever comes, each request has one answer and each item one taker", arguments: 0..<50 as Range<UInt64>)
  func random(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var state = ManagerState()
    let (lock, queue) = (try make(.makeLock, in: &state), try make(.makeQueue(capacity: 2), in: &state))
    var sessions = Array(1...5) as [ManagerState.Session]
    var open: Set<ManagerState.Session> = []
    var (owner, put, taken): (ManagerState.Session?, [UInt8], [UInt8]) = (nil, [], [])
    var pending: [ManagerState.Session: UInt8] = [:]

    func receive(_ deliveries: [Delivery]) {
      for delivery in deliveries {
        #expect(open.remove(delivery.session) != nil, "an answer to \(delivery.session), who asked nothing")
        switch delivery.reply {
        case .acquired:
          #expect(owner == nil)
          owner = delivery.session
        case .value(let item?): taken.append(item[0])
        case .outcome(true): put.append(pending[delivery.session]!)
        default: break
        }
      }
    }

    var nextItem: UInt8 = 0
    for step in 0..<400 {
      let session = sessions.randomElement(using: &random)!
      if open.contains(session) {
        if Bool.random(using: &random) { receive(state.perform(.giveUp, from: session)) }
        continue
      }
      open.insert(session)
      switch Int.random(in: 0..<6, using: &random) {
      case 0 where owner == session:
        owner = nil
        receive(state.perform(.lock(lock, .release), from: session))
      case 0 where owner != session: receive(state.perform(.lock(lock, .acquire), from: session))
      case 1 where owner != session, 2 where owner != session:
        receive(state.perform(.queue(queue, .get), from: session))
      case 3 where owner != session, 4 where owner != session:
        (pending[session], nextItem) = (nextItem, nextItem &+ 1)
        receive(state.perform(.queue(queue, .put(item(pending[session]!))), from: session))
      case 5:
        // Its client dies.
        open.remove(session)
        if owner == session { owner = nil }
        receive(state.end(session))
        sessions.removeAll { $0 == session }
        sessions.append(ManagerState.Session(step + 10))
      default: open.remove(session)
      }
    }
    #expect(taken == Array(put.prefix(taken.count)), "in the order in which they were put")
  }
}
