// Configuration that is read when it is first needed, once, however many ask at the same time.

import SkeinSync

struct NotThere: Error {}

let configuration = Once<[String: String]>(name: "configuration")

func read(_ file: String) async throws -> [String: String] {
  await Task.yield()
  if file.isEmpty { throw NotThere() }
  print("\(file) is read")
  return ["port": "8080"]
}

// An error goes to its caller alone: the next one tries again.
func failToConfigure() async {
  do {
    _ = try await configuration.get { try await read("") }
  } catch {
    print("not read: \(error)")
  }
}

await failToConfigure()
try await withThrowingTaskGroup { group in
  for task in 1...3 {
    group.addTask {
      let values = try await configuration.get { try await read("skein.conf") }
      print("task \(task) listens on port \(values["port"] ?? "?")")
    }
  }
  try await group.waitForAll()
}
print("made: \(configuration.value != nil)")
