import Foundation

/// Something that is measured by a program of its own, which prints a line for each case.
struct System: Sendable {
  enum ID: String, CaseIterable, Codable, CodingKeyRepresentable {
    case skein, mutex, c, go, rust, java, python
  }

  let id: ID
  /// What the table calls it.
  let name: String
  /// What it has cases of.
  let families: Set<Family>
  /// The program and its first arguments.
  let command: [String]
  /// A file without which it can not be measured.
  let needs: String
  /// Debian's packages that it is made of.
  let packages: String

  /// All of them in the order of the columns, Skein first.
  static func all(in places: Places) -> [System] {
    [swift(.skein, "Skein", Set(Family.allCases), places), swift(.mutex, "Mutex", [.locks], places)]
      + compiled(in: places) + interpreted(in: places)
  }

  private static func swift(_ id: ID, _ name: String, _ families: Set<Family>, _ places: Places) -> System {
    System(
      id: id, name: name, families: families, command: [places.program, "measure", id.rawValue],
      needs: places.program, packages: "")
  }

  private static func compiled(in places: Places) -> [System] {
    let (c, go, rust) = (
      "\(places.peers)/c/sync", "\(places.peers)/go/sync", "\(places.peers)/rust/release/sync"
    )
    return [
      System(
        id: .c, name: "C", families: [.locks, .semaphores, .threads, .pingPong], command: [c], needs: c,
        packages: "gcc libc6-dev"),
      System(
        id: .go, name: "Go", families: Set(Family.allCases), command: [go], needs: go, packages: "golang-go"),
      System(
        id: .rust, name: "Rust", families: Set(Family.allCases), command: [rust], needs: rust,
        packages:
          "cargo librust-parking-lot-dev librust-crossbeam-channel-dev librust-tokio-dev librust-dashmap-dev"),
    ]
  }

  private static func interpreted(in places: Places) -> [System] {
    [
      System(
        id: .java, name: "Java", families: [.locks, .semaphores, .threads, .pingPong, .dictionaries],
        command: ["java", "-cp", "\(places.peers)/java", "Sync"], needs: "\(places.peers)/java/Sync.class",
        packages: "openjdk-17-jdk-headless"),
      System(
        id: .python, name: "Python", families: Set(Family.allCases).subtracting([.mixed]),
        command: ["python3", "\(places.sources)/python/main.py"],
        needs: "\(places.sources)/python/main.py", packages: "python3"),
    ]
  }
}
