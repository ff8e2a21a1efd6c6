import Glibc
import SkeinSync
import SkeinTesting
import SkeinThreads
import TestPrograms
import Testing

/// Takes 8 KiB of stack a level.
@Sendable private func descend(_ levels: Int) -> Int {
  withUnsafeTemporaryAllocation(of: Int.self, capacity: 1024) { buffer in
    buffer.initialize(repeating: levels)
    return levels == 0 ? buffer[0] : descend(levels - 1) + (buffer[1023] == levels ? 1 : 0)
  }
}

@Suite("The stack of a thread", .leavesNoThreads)
struct StackSizeTests {
  private static let minimum = Int(sysconf(CInt(_SC_THREAD_STACK_MIN)))

  @Test("a big one lets a recursion go deep")
  func big() async throws {
    // Twenty megabytes, where eight are usual.
    #expect(try await OSThread.start(stackSize: 64 << 20) { descend(2500) }.join() == 2500)
  }

  @Test("in a small one the same recursion ends the process")
  func small() async {
    await #expect(processExitsWith: .failure) {
      _ = try await OSThread.start(stackSize: 1 << 20) { descend(2500) }.join()
    }
  }

  @Test("a size that is no multiple of a page is rounded up", arguments: [1_000_001, 1 << 20, (1 << 20) + 1])
  func rounded(bytes: Int) async throws {
    let size = try await OSThread.start(stackSize: bytes) { ownStackSize() }.join()
    let page = Int(sysconf(CInt(_SC_PAGESIZE)))
    // The guard page may be part of it.
    #expect(size % page == 0 && size + page >= bytes)
  }

  @Test("one that the system does not allow is refused before anything happens", arguments: [0, -1, 1000])
  func tooSmall(bytes: Int) async throws {
    let thread = OSThread(name: "flat", stackSize: bytes) {}
    let error = ThreadError.stackTooSmall(name: "flat", bytes: bytes, minimum: Self.minimum)
    #expect(throws: error) { try thread.start() }
    #expect(thread.state == .new && !thread.isAlive)
    #expect("\(error)".contains("at least \(Self.minimum)"))
  }

  @Test("one that the machine does not have is refused, and the thread can be started again")
  func tooBig() async throws {
    for bytes in [1 << 46, Int.max - 4095, Int.max] {
      let thread = OSThread(name: "giant", stackSize: bytes) {}
      for _ in 0..<2 {
        let error = #expect(throws: ThreadError.self) { try thread.start() }
        guard case .refused(name: "giant", let code) = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        #expect(code == EAGAIN || code == EINVAL || code == ENOMEM)
      }
      #expect(thread.state == .new && !thread.isAlive)
      #expect(!ThreadInfo.live.contains { $0.number == thread.number })
      await #expect(throws: ThreadError.notStarted(name: "giant")) { try await thread.join() }
    }
  }

  @Test("a join that comes in between a start and its refusal ends", arguments: 1...3)
  func refusedWhileJoined(_: Int) async throws {
    let thread = OSThread(name: "giant", stackSize: 1 << 46) {}
    let isOver = Event()
    async let starts: Void = onThread {
      for _ in 0..<200 { #expect(throws: ThreadError.self) { try thread.start() } }
      isOver.set()
    }
    async let joins: Void = onThread {
      while !isOver.isSet {
        #expect(throws: ThreadError.notStarted(name: "giant")) { try thread.join() }
      }
    }
    _ = try await (starts, joins)
    #expect(thread.waiterCount == 0)
  }
}

private func ownStackSize() -> Int {
  var limits = rlimit()
  _ = limits
  limits.rlim_cur = 0
  var size = 0
  // The mapping that the stack pointer lies in, as the kernel tells it.
  withUnsafeMutablePointer(to: &size) { pointer in
    let address = UInt(bitPattern: pointer)
    guard let file = fopen("/proc/self/maps", "r") else { return }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
      let ends = text.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
      if ends.count == 2, ends[0] <= address, address < ends[1] { pointer.pointee = Int(ends[1] - ends[0]) }
    }
  }
  return size
}
