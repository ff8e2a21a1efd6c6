import SkeinSync
import Testing

@testable import SkeinDiagnostics

@Suite("Wait graph")
struct WaitGraphTests {
  private func graph(_ build: (inout Scene) -> Void) -> WaitGraph {
    var scene = Scene()
    build(&scene)
    return WaitGraph(
      waits: scene.waits, deadlocks: scene.deadlocks, instant: .init(nanoseconds: 5_000_000_000))
  }

  private var twoLocks: WaitGraph {
    graph { scene in
      scene.wait(Scene.thread(1), for: 10, heldBy: [Scene.thread(2)])
      scene.wait(Scene.thread(2), running: Scene.task(200), for: 20, heldBy: [Scene.thread(1)])
      scene.waits[0].object.holders = .all([.init(Scene.thread(2), place: SourcePlace("Test/Taken.swift", 7))]
      )
    }
  }

  @Test("it has a node for each party and object, and an arrow for each wait and hold")
  func nodesAndEdges() {
    let graph = twoLocks
    #expect(graph.objects.map(\.id) == [10, 20])
    #expect(Set(graph.parties) == [Scene.thread(1), Scene.thread(2)])
    #expect(graph.edges.count == 4)
    #expect(graph.edges.allSatisfy { $0.isInDeadlock && !$0.isAssumed })
    #expect(graph.edges.map(\.kind) == [.waitsFor, .waitsFor, .heldBy, .heldBy])
  }

  @Test("a hold of a task leads to the thread that is blocked in it")
  func aliasedEdge() {
    let graph = graph { scene in
      scene.wait(Scene.thread(1), running: Scene.task(100), for: 10, heldBy: [])
      scene.wait(Scene.thread(2), for: 20, heldBy: [Scene.task(100)])
    }
    #expect(graph.edges.last?.to == .party(Scene.thread(1)))
    #expect(!graph.parties.contains(Scene.task(100)))
  }

  @Test("waits are sorted, the longest first")
  func sorted() {
    let graph = graph { scene in
      for id in 1...5 { scene.wait(Scene.task(UInt64(id)), forUnowned: 10) }
      scene.waits.reverse()
    }
    #expect(graph.waits.map(\.party.id) == [1, 2, 3, 4, 5])
  }

  // MARK: For people

  @Test("the text tells the circle first, with names and places, then all waits")
  func text() {
    let text = twoLocks.description
    let expected = """
      Deadlock (certain):
        thread “thread-1” (1) waits at Test/Wait.swift:1 to hold it: Lock “object-10” (made at Test/Scene.swift:10),
          held by thread “thread-2” (2), taken at Test/Taken.swift:7;
        which waits at Test/Wait.swift:2 to hold it: Lock “object-20” (made at Test/Scene.swift:20),
          held by thread “thread-1” (1)

      2 waits, longest first:

      Lock “object-10” (made at Test/Scene.swift:10), held by thread “thread-2” (2) (taken at Test/Taken.swift:7)
        thread “thread-1” (1) waits for 4.9 s at Test/Wait.swift:1 to hold it

      """
    #expect(text.hasPrefix(expected), "\(text)")
    #expect(text.contains("thread “thread-2” (2), running task “task-200” (0xc8), waits for 4.9 s"))
  }

  @Test("what nobody waits for is said in two words")
  func emptyText() {
    #expect(graph { _ in }.description == "Nothing waits.\n")
    let busy = WaitGraph(waits: [], deadlocks: [], instant: .init(nanoseconds: 0), busySources: 2)
    #expect(busy.description.contains("2 objects in use at this instant could not be read"))
  }

  @Test("of many who wait for one object the text shows some, and how many more there are")
  func manyWaiters() {
    let graph = graph { scene in
      for id in 1...1000 { scene.wait(Scene.task(UInt64(id)), forUnowned: 10, isTimed: id == 1) }
    }
    #expect(graph.description.contains("and 980 more"))
    #expect(graph.description.contains("(until a deadline)"))
    #expect(graph.description.split(separator: "\n").count < 30)
  }

  @Test("one of several borrowers is shown with how many there are")
  func anyOf() {
    let graph = graph { scene in
      for id in 1...2 {
        scene.wait(Scene.thread(UInt64(id)), for: 10, heldByAnyOf: [Scene.thread(1), Scene.thread(2)])
      }
    }
    #expect("\(graph.deadlocks[0])".contains("(and by 1 more, who are stuck too)"))
  }

  @Test("an assumed holder is said to be one")
  func assumed() {
    let graph = graph { scene in
      scene.wait(Scene.thread(1), forUnowned: 10)
      scene.uses = [10: RecentUses(permitHolders: [Scene.thread(1)])]
    }
    #expect("\(graph.deadlocks[0])".contains("Deadlock (likely)"))
    #expect("\(graph.deadlocks[0])".contains("which thread “thread-1” (1) has used last"))
    #expect(graph.edges.contains { $0.isAssumed && $0.to == .party(Scene.thread(1)) })
    #expect(graph.graphviz.contains("style=dashed"))
  }

  @Test(
    "spans are said as people say them",
    arguments: [
      (Duration.milliseconds(12), "12 ms"), (.milliseconds(3250), "3.2 s"), (.seconds(125), "2 min 5 s"),
      (.seconds(3600 * 26 + 60), "26 h 1 min"), (.seconds(-1), "0 ms"),
    ])
  func spans(span: Duration, text: String) {
    #expect(span.forPeople == text)
  }

  // MARK: For dot

  @Test("names with quotes, backslashes and lines do not break out of the language of dot")
  func graphvizEscapes() {
    let graph = graph { scene in
      let party = Party(kind: .thread, id: 1, name: "a\"; evil [label=\"x\\")
      scene.wait(party, for: 10, heldBy: [])
      scene.waits[0].object.name = "two\nlines\u{1b}[31m"
    }
    let text = graph.graphviz
    #expect(text.contains(#"a\"; evil [label=\"x\\"#))
    #expect(text.contains("two\\nlines\u{fffd}[31m"))
    #expect(text.hasPrefix("digraph waits {\n"))
    #expect(text.hasSuffix("}\n"))
  }

  @Test("what belongs to a deadlock is red, and nothing else")
  func graphvizRed() {
    let graph = graph { scene in
      scene.wait(Scene.thread(1), for: 10, heldBy: [Scene.thread(2)])
      scene.wait(Scene.thread(2), for: 20, heldBy: [Scene.thread(1)])
      scene.wait(Scene.thread(3), forUnowned: 30)
    }
    let lines = graph.graphviz.split(separator: "\n")
    #expect(lines.count { $0.contains("color=red") } == 8)
    #expect(lines.contains { $0.contains("thread_3") && !$0.contains("red") })
  }

  // MARK: For programs

  @Test("strings are escaped as JSON wants it")
  func jsonEscapes() {
    var text = ""
    JSONValue.string("a\"b\\c\n\t\r\u{0}\u{1f}é😀").write(to: &text)
    #expect(text == #""a\"b\\c\n\t\r\u0000\u001fé😀""#)
  }

  @Test("each kind of value is written")
  func jsonValues() {
    var text = ""
    JSONValue.object([
      ("list", .array([.null, .bool(true), .bool(false), .number(-3)])), ("none", .array([])),
      ("empty", .object([])), ("missing", JSONValue(nil)),
    ]).write(to: &text)
    #expect(text == #"{"list":[null,true,false,-3],"none":[],"empty":{},"missing":null}"#)
  }

  @Test("the JSON form has waits, objects and circles, on one line")
  func json() {
    let text = twoLocks.json
    #expect(!text.contains("\n"))
    #expect(text.contains(#""party":{"kind":"thread","id":"1","name":"thread-1"}"#))
    #expect(text.contains(#""runningTask":{"kind":"task","id":"200","name":"task-200"}"#))
    #expect(text.contains(#""milliseconds":4999"#))
    #expect(text.contains(#""requires":"all""#))
    #expect(text.contains(#""deadlocks":[{"certainty":"certain","links":[{"wait":0,"#))
    #expect(text.contains(#""place":"Test/Taken.swift:7""#))
  }
}
