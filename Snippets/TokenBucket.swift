// Ten requests at no more than a hundred a second, three of them at once.

import SkeinResilience
import SkeinSync

func request(_ count: Int, within bucket: TokenBucket<some DeadlineClock>) async throws {
  let start = ContinuousClock.now
  for number in 1...count {
    try await bucket.acquire()
    print("request \(number) after \(start.duration(to: .now))")
  }
}

try await request(10, within: TokenBucket(100, per: .seconds(1), burst: 3))
