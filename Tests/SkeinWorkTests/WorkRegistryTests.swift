import SkeinWork
import Testing

@Suite("WorkRegistry")
struct WorkRegistryTests {
  @Test("entries are found by name, and names are sorted")
  func lookup() throws {
    var registry = WorkRegistry<Int>()
    try registry.register(2, as: "b.two")
    try registry.register(1, as: "a:one_1-x")
    #expect(registry.names == ["a:one_1-x", "b.two"])
    #expect(registry["b.two"] == 2)
    #expect(registry["c"] == nil)
  }

  @Test("a name that is taken is refused, and the first entry stays usable")
  func taken() throws {
    var registry = WorkRegistry<Int>()
    try registry.register(1, as: "a")
    #expect(throws: WorkNameError.taken("a")) { try registry.register(2, as: "a") }
  }

  @Test(
    "malformed names are refused",
    arguments: ["", " ", "a b", "ä", "a/b", String(repeating: "x", count: 201)])
  func malformed(name: String) {
    #expect(throws: WorkNameError.malformed(name)) { try WorkNameError.check(name) }
  }
}
