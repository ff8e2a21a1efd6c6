internal import CSkein

/// The state of a capacity limiter: how many tokens there are, and who has one.
struct Loans: Sendable {
  typealias Queue = WaitPoint<Loans, Request>.Guarded

  struct Request: Sendable {
    let borrower: Borrower
    fileprivate let loan: Loan
    /// The borrower has a token already: there is nothing to wait for.
    fileprivate(set) var isSecond = false

    init(_ borrower: Borrower, at place: SourcePlace) {
      self.borrower = borrower
      loan = Loan(at: place)
    }
  }

  /// By whom and where a token was taken. It may outlive that task, and so has its name for itself.
  struct Loan: Sendable {
    private let task: UInt
    private let threadID: UInt32
    private let taskName: String?
    private let place: SourcePlace

    fileprivate init(at place: SourcePlace) {
      task = skein_current_task()
      threadID = task == 0 ? skein_thread_id() : 0
      taskName = task == 0 ? nil : skein_current_task_name().map { String(cString: $0) }
      self.place = place
    }

    /// The holder; a thread is yet to be named, under no lock.
    var holder: ObservedObject.Holder {
      let party: Party =
        task == 0 ? .unnamedThread(threadID) : Party(kind: .task, id: UInt64(task), name: taskName)
      return ObservedObject.Holder(party, place: place)
    }
  }

  var total: CapacityLimiter.Capacity
  var borrowers: [Borrower: Loan] = [:]

  init(total: CapacityLimiter.Capacity) {
    self.total = total
  }

  /// Lends a token, or finds that the borrower has one; `false` when there is none to lend.
  private mutating func decide(_ request: inout Request) -> Bool {
    request.isSecond = borrowers[request.borrower] != nil
    if request.isSecond { return true }
    guard total.exceeds(borrowers.count) else { return false }
    borrowers[request.borrower] = request.loan
    return true
  }

  /// Decides for a newcomer; it has to wait behind others, but not to be told that it has a token.
  static func admit(_ guarded: inout Queue, _ request: inout Request) -> Bool {
    guard guarded.queue.isEmpty || guarded.state.borrowers[request.borrower] != nil else { return false }
    return guarded.state.decide(&request)
  }

  /// Serves, from the front, whoever can be served.
  static func settle(_ guarded: inout Queue, _ wakes: inout WakeList) {
    while let first = guarded.queue.first, guarded.state.decide(&first.request) {
      _ = guarded.queue.remove(first)
      if first.waiter.claim(.granted) {
        wakes.append(first.waiter)
      } else if !first.request.isSecond {
        guarded.state.borrowers[first.request.borrower] = nil
      }
    }
  }
}
