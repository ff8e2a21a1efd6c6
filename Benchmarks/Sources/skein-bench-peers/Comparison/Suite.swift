/// A set of cases that are measured and saved together.
enum Suite: String, Codable {
  case sync, pools, processes

  var families: [Family] { Family.allCases.filter { $0.suite == self } }

  /// That of its section in RESULTS.md.
  var heading: String {
    switch self {
    case .sync: "Primitives: ./bench sync"
    case .pools: "Pools and futures: ./bench pools"
    case .processes: "Processes: ./bench processes"
    }
  }

  /// All systems in the order of the columns, Skein first.
  func systems(in places: Places) -> [System] {
    switch self {
    case .sync: syncSystems(places)
    case .pools: poolSystems(places)
    case .processes: processSystems(places)
    }
  }

  private func syncSystems(_ places: Places) -> [System] {
    let all = Set(families)
    let (c, go, rust, java) = ("c/peer", "go/peer", "rust/release/peer", "java")
    return [
      swift(.skein, "Skein", all, places), swift(.mutex, "Mutex", [.locks], places),
      compiled(.c, "C", [.locks, .semaphores, .threads, .pingPong], c, "gcc libc6-dev", places),
      compiled(.go, "Go", all, go, "golang-go", places),
      compiled(
        .rust, "Rust", all, rust,
        "cargo librust-parking-lot-dev librust-crossbeam-channel-dev librust-tokio-dev librust-dashmap-dev",
        places),
      self.java([.locks, .semaphores, .threads, .pingPong, .dictionaries], java, "Peer", places),
      python(all.subtracting([.mixed]), places),
    ]
  }

  private func poolSystems(_ places: Places) -> [System] {
    let all = Set(families)
    return [
      swift(.skein, "Skein", all, places), swift(.dispatch, "Dispatch", all, places),
      swift(.nio, "NIOThreadPool", [.submitting, .scaling], places),
      compiled(.cpp, "C++", all, "cpp/peer", "g++ libtbb-dev", places),
      compiled(.go, "Go", all, "go/peer", "golang-go", places),
      compiled(
        .rust, "Rust", all, "rust/release/peer", "cargo librust-rayon-dev librust-crossbeam-channel-dev",
        places),
      java(all, "java", "Peer", places), python(all, places),
    ]
  }

  private func processSystems(_ places: Places) -> [System] {
    let all = Set(families)
    let loky = "\(places.benchmarks)/.venv/bin/python"
    return [
      swift(.skein, "Skein", all, places),
      compiled(.c, "C", [.starting, .calls, .lines], "c/peer", "gcc libc6-dev", places),
      python(all, places),
      System(
        id: .loky, name: "loky", families: [.starting, .calls],
        command: [loky, "\(places.sources)/python/loky_pools.py"], needs: "\(places.benchmarks)/.venv/.loky",
        packages: "python3-venv"),
    ]
  }

  // MARK: Kinds of programs

  private func swift(_ id: System.ID, _ name: String, _ families: Set<Family>, _ places: Places) -> System {
    System(
      id: id, name: name, families: families, command: [places.program, "measure", rawValue, id.rawValue],
      needs: places.program, packages: "")
  }

  private func compiled(
    _ id: System.ID, _ name: String, _ families: Set<Family>, _ program: String, _ packages: String,
    _ places: Places
  ) -> System {
    let path = "\(places.peers)/\(program)"
    return System(
      id: id, name: name, families: families, command: [path], needs: path, packages: packages)
  }

  private func java(_ families: Set<Family>, _ folder: String, _ main: String, _ places: Places) -> System {
    let path = "\(places.peers)/\(folder)"
    return System(
      id: .java, name: "Java", families: families, command: ["java", "-cp", path, main],
      needs: "\(path)/\(main).class", packages: "openjdk-17-jdk-headless")
  }

  private func python(_ families: Set<Family>, _ places: Places) -> System {
    let path = "\(places.sources)/python/main.py"
    return System(
      id: .python, name: "Python", families: families, command: ["python3", path], needs: path,
      packages: "python3")
  }
}
