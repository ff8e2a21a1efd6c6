import Testing

@testable import SkeinFutures

@Suite("Quotas of control groups")
struct ControlGroupsTests {
  private static let mountTwo =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
  private static let mountOne = """
    31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
    32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 master:1 - cgroup cgroup rw,cpu,cpuacct
    33 31 0:30 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
    38 31 0:31 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw

    """

  private static func quota(
    _ membership: String, _ mounts: String, _ files: [String: String]
  ) -> ProcessorQuota? {
    ControlGroups(membership: membership, mounts: mounts).quota { files[$0] }
  }

  @Test("version 2: the group of the process and all above it count, the narrowest wins")
  func versionTwo() {
    let root = "/sys/fs/cgroup"
    let files = [
      "\(root)/a.slice/b.service/cpu.max": "max 100000\n", "\(root)/a.slice/cpu.max": "150000 100000\n",
    ]
    let quota = Self.quota("0::/a.slice/b.service\n", Self.mountTwo, files)
    #expect(quota == ProcessorQuota(processors: 1.5, controlGroup: "\(root)/a.slice"))
    let narrower = files.merging(["\(root)/a.slice/b.service/cpu.max": "25000 50000"]) { $1 }
    #expect(Self.quota("0::/a.slice/b.service\n", Self.mountTwo, narrower)?.processors == 0.5)
  }

  @Test("version 1: the group of the controller cpu counts, beside version 2 without it")
  func versionOne() {
    let root = "/sys/fs/cgroup/cpu,cpuacct"
    let files = [
      "\(root)/docker/1/cpu.cfs_quota_us": "400000\n", "\(root)/docker/1/cpu.cfs_period_us": "100000\n",
      "\(root)/docker/cpu.cfs_quota_us": "-1\n", "\(root)/docker/cpu.cfs_period_us": "100000\n",
      "\(root)/cpu.cfs_quota_us": "100000\n",
    ]
    let membership = "5:cpuset:/\n4:cpu,cpuacct:/docker/1\n0::/unified\n"
    let quota = Self.quota(membership, Self.mountOne, files)
    #expect(quota == ProcessorQuota(processors: 4, controlGroup: "\(root)/docker/1"))
  }

  @Test("the groups are listed from the inside out")
  func directories() {
    let groups = ControlGroups(membership: "0::/a/b\n", mounts: Self.mountTwo).groups
    #expect(groups.map(\.directory) == ["/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a", "/sys/fs/cgroup"])
    let root = ControlGroups(membership: "0::/\n", mounts: Self.mountTwo).groups
    #expect(root.map(\.directory) == ["/sys/fs/cgroup"])
  }

  @Test("in a container, where only the end of the path is mounted, the mount is the group")
  func container() {
    let mounts = "40 30 0:29 /docker/1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
    func directories(_ path: String) -> [String] {
      ControlGroups(membership: "0::\(path)\n", mounts: mounts).groups.map(\.directory)
    }
    #expect(directories("/docker/1") == ["/sys/fs/cgroup"])
    #expect(directories("/docker/1/worker") == ["/sys/fs/cgroup/worker", "/sys/fs/cgroup"])
    // With a namespace of its own, or seen from another one.
    #expect(directories("/") == ["/sys/fs/cgroup"])
    #expect(directories("/../2") == ["/sys/fs/cgroup"])
  }

  @Test("spaces in paths are understood")
  func escapes() {
    let mounts = #"40 30 0:29 / /sys/my\040groups rw - cgroup2 none rw"#
    #expect(ControlGroups(membership: "0::/a b", mounts: mounts).groups[0].directory == "/sys/my groups/a b")
  }

  @Test(
    "what is no quota is none",
    arguments: ["", "max 100000", "100000", "0 100000", "100000 0", "-1 100000", "many few", "1 2 3"])
  func noQuota(_ text: String) {
    #expect(Self.quota("0::/", Self.mountTwo, ["/sys/fs/cgroup/cpu.max": text]) == nil)
  }

  @Test("lines that are none of the kernel's are left out")
  func nonsense() {
    #expect(ControlGroups(membership: "nonsense\n::\n", mounts: "1 2 3\n\n- cgroup2\n").groups.isEmpty)
    #expect(ControlGroups(membership: "", mounts: Self.mountTwo).groups.isEmpty)
    #expect(ControlGroups(membership: "0::/", mounts: "").groups.isEmpty)
  }
}
