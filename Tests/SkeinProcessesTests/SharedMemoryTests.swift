import Glibc
import SkeinProcesses
import SkeinTesting
import Testing

@Suite("Shared memory")
struct SharedMemoryTests {
  @Test("a value that is received twice is one value")
  func values() async throws {
    let value = try SharedValue(7)
    let other = try resend(value)
    try await onThread {
      other.withLock { $0 += 1 }
      #expect(value.value == 8)
    }
  }

  @Test("an array holds its elements, and takes and gives copies")
  func arrays() async throws {
    let array = try SharedArray([1.5, 2.5, 3.5])
    let other = try resend(array)
    other[1] = 9
    try await onThread {
      #expect(array.elements == [1.5, 9, 3.5])
      array.replace(with: [4, 5])
      #expect(other.elements == [4, 5, 3.5] && other.count == 3)
    }
    let empty = try SharedArray(repeating: 0, count: 0)
    #expect(try resend(empty).count == 0)
  }

  @Test("a counter counts in both directions")
  func counters() throws {
    let counter = try SharedCounter(5)
    #expect(try resend(counter).add(-7) == -2 && counter.value == -2)
  }

  @Test("impossible sizes are errors")
  func sizes() {
    #expect(throws: SharedMemoryError.invalidCount(-1)) { try SharedArray(repeating: 0, count: -1) }
    #expect(throws: SharedMemoryError.tooLarge) { try SharedArray(repeating: 0, count: .max) }
    #expect(throws: SharedMemoryError.outOfMemory(bytes: 256 + 8 << 50, number: ENOMEM)) {
      try SharedArray(repeating: 0, count: 1 << 50)
    }
    #expect(throws: SharedMemoryError.invalidCount(-3)) { try SharedSemaphore(permits: -3) }
  }

  @Test("another kind or another element is refused")
  func mismatches() throws {
    let array = try SharedArray([1, 2])
    #expect(throws: SharedMemoryError.self) { try resend(array, as: SharedLock.self) }
    #expect(throws: SharedMemoryError.self) { try resend(array, as: SharedArray<Int32>.self) }
    #expect(throws: SharedMemoryError.self) { try resend(array, as: SharedValue<Int>.self) }
  }

  @Test("a file that is no shared memory, or could lose its size, is refused")
  func foreignFiles() throws {
    for path in ["/dev/null", "/proc/self/exe"] {
      let file = OwnedDescriptor(owning: open(path, O_RDONLY | O_CLOEXEC))
      let failure = #expect(throws: SharedMemoryError.self) { try resend(file, as: SharedLock.self) }
      let isDamage = if case .damaged = failure { true } else { false }
      #expect(isDamage, "\(path): \(String(describing: failure))")
    }
  }
}
