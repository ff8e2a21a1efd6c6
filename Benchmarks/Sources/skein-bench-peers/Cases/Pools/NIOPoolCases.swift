import NIOCore
import NIOPosix

/// SwiftNIO's pool for blocking work, with the futures of an event loop.
struct NIOPool: PoolUnderTest {
  static let name = "NIOThreadPool.runIfActive"
  static let bulk = 200_000
  private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let pool: NIOThreadPool
  private let loop = NIOPool.group.next()

  init(threads: Int) {
    pool = NIOThreadPool(numberOfThreads: threads)
    pool.start()
  }

  func submit(_ body: @escaping @Sendable () -> Int) -> EventLoopFuture<Int> {
    pool.runIfActive(eventLoop: loop, body)
  }

  func result(of handle: EventLoopFuture<Int>) -> Int { must { try handle.wait() } }

  /// By one wait: each of them is a way to the event loop and back.
  func sum(of handles: [EventLoopFuture<Int>]) -> Int {
    must { try EventLoopFuture.reduce(0, handles, on: loop) { $0 &+ $1 }.wait() }
  }

  func shutdown() { must { try pool.syncShutdownGracefully() } }
}

let nioSubmitCases = submitCases(NIOPool.self)
let nioScalingCases = growthCases(NIOPool.self) + [idleCase(NIOPool.self)]
