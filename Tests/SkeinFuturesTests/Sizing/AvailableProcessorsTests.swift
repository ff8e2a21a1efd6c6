import Testing

@testable import SkeinFutures

@Suite("Processors that can be used")
struct AvailableProcessorsTests {
  private static func processors(_ online: Int, _ allowed: Int?, _ quota: Double? = nil)
    -> AvailableProcessors
  {
    AvailableProcessors(
      online: online, allowed: allowed,
      quota: quota.map { ProcessorQuota(processors: $0, controlGroup: "/group") })
  }

  @Test("the machine, the mask or the quota decides, whichever is least")
  func limits() {
    let cases: [(AvailableProcessors, Int, AvailableProcessors.Limit)] = [
      (Self.processors(8, 8), 8, .machine), (Self.processors(8, nil), 8, .machine),
      (Self.processors(8, 3), 3, .affinity), (Self.processors(8, 8, 4), 4, .quota),
      (Self.processors(8, 2, 4), 2, .affinity), (Self.processors(2, 2, 16), 2, .machine),
      (Self.processors(8, 8, 1.5), 2, .quota), (Self.processors(8, 8, 0.2), 1, .quota),
      (Self.processors(4, 9), 4, .machine), (Self.processors(0, 0), 1, .machine),
      (Self.processors(2, 2, 1e300), 2, .machine),
    ]
    for (processors, count, limit) in cases {
      #expect(processors.count == count && processors.limit == limit, "\(processors)")
    }
  }

  @Test("it says how many, and why not more")
  func text() {
    #expect("\(Self.processors(1, 1))" == "1 processor" && "\(Self.processors(8, 8))" == "8 processors")
    #expect("\(Self.processors(8, 3))" == "3 of 8 processors: the affinity mask allows no more")
    #expect(
      "\(Self.processors(8, 8, 1.5))"
        == "2 of 8 processors: the control group /group allows the time of 1.5")
  }

  @Test("what the system says here fits together")
  func current() {
    let processors = AvailableProcessors.current
    #expect(processors.count >= 1 && processors.count <= processors.allowed)
    #expect(processors.allowed <= processors.online && processors == AvailableProcessors.current)
  }

  @Test("the files of the system are read, and what can not be read limits nothing")
  func files() {
    let files = [
      "/proc/self/cgroup": "0::/a\n", "/proc/self/mountinfo": "30 23 0:26 / /cg rw - cgroup2 none rw\n",
      "/cg/a/cpu.max": "300000 100000\n",
    ]
    #expect(AvailableProcessors.quota { files[$0] }?.processors == 3)
    #expect(AvailableProcessors.quota { _ in nil } == nil)
    #expect(readText(of: "/no/such/file") == nil && readText(of: "/") == nil)
    #expect(readText(of: "/proc/self/mountinfo")?.contains(" - ") == true)
  }
}
