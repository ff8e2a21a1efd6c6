internal import SkeinProcesses
internal import SkeinWork

/// The chapter's `worker`: adds one to the value, and to each element of the array.
struct AddOneToAll: RemoteFunction {
  static let name = "lab.add-one-to-all"
  var value: SharedValue<Int32>
  var array: SharedArray<Int32>

  @available(*, noasync)
  func run() -> Nothing {
    value.withLock { $0 += 1 }
    array.withLock { elements in for index in elements.indices { elements[index] += 1 } }
    return Nothing()
  }
}

/// A value and an array that five processes change.
struct SharedMemoryExperiment: Experiment {
  let name = "shared-memory"
  let section = "16.3.2"
  let title = "Five processes add one to a shared value and to each element of a shared array"
  let lesson = """
    Shared memory is as fast as memory, and needs a lock again, which each of these objects has. It lies in no file: \
    when the last process has let go of it, it is gone, however that one ended.
    """
  let uses = ["SharedValue", "SharedArray", "SharedLock"]

  func run(_ notes: LabNotes) async throws {
    let value = try SharedValue<Int32>(0)
    let array = try SharedArray<Int32>(repeating: 0, count: 5)
    let children = try (0..<5).map { index in
      try ChildProcess.start(AddOneToAll(value: value, array: array), name: "adder-\(index)")
    }
    for child in children {
      let exit = try await child.join()
      notes.step(child.name, "\(exit)")
    }
    notes.check("the value", is: 5, observed: try await value.withLock { $0 })
    notes.check("the array", is: [5, 5, 5, 5, 5], observed: try await array.withLock { Array($0) })
  }
}
