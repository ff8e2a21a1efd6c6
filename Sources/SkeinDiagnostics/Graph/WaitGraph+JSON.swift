internal import SkeinSync

extension WaitGraph {
  /// The graph as one JSON object on one line.
  ///
  /// `waits` has everything that waits, longest first; each names its party by `kind`, `id` and `name`, and
  /// its object by `id`. `objects` has what is waited for with its `holders`; `requires` says whether `all`
  /// of them have to let go or `any` one, or that they are `unknown`. `deadlocks` has the circles: the wait's
  /// index in `waits`, and who holds. Identities are strings: they do not fit into every reader's numbers.
  ///
  /// - Complexity: O(waits + holders).
  public var json: String {
    let root = JSONValue.object([
      ("waits", .array(waits.map(value))),
      ("objects", .array(objects.map(value))),
      ("deadlocks", .array(deadlocks.map(value))),
      ("busySources", .number(Int64(busySources))),
    ])
    var text = ""
    root.write(to: &text)
    return text
  }

  private func value(_ wait: ObservedWait) -> JSONValue {
    .object([
      ("party", value(wait.party)),
      ("runningTask", wait.runningTask.map(value) ?? .null),
      ("object", .string("\(wait.object.id)")),
      ("purpose", .string(wait.purpose)),
      ("place", .string("\(wait.place)")),
      ("milliseconds", .number(max(0, wait.since.duration(to: instant).saturatingNanoseconds / 1_000_000))),
      ("isTimed", .bool(wait.isTimed)),
    ])
  }

  private func value(_ party: Party) -> JSONValue {
    .object([
      ("kind", .string(party.kind.rawValue)), ("id", .string("\(party.id)")), ("name", JSONValue(party.name)),
    ])
  }

  private func value(_ object: ObservedObject) -> JSONValue {
    let requires: JSONValue
    switch object.holders {
    case .unknown: requires = "unknown"
    case .all: requires = "all"
    case .any: requires = "any"
    }
    return .object([
      ("id", .string("\(object.id)")), ("kind", .string(object.kind)), ("name", JSONValue(object.name)),
      ("place", .string("\(object.place)")), ("state", .string(object.state)), ("requires", requires),
      ("holders", .array(object.holders.known.map(value))),
    ])
  }

  private func value(_ holder: ObservedObject.Holder) -> JSONValue {
    .object([("party", value(holder.party)), ("place", JSONValue(holder.place.map { "\($0)" }))])
  }

  private func value(_ deadlock: Deadlock) -> JSONValue {
    let links = deadlock.links.map { link in
      JSONValue.object([
        ("wait", index(of: link.wait).map { .number(Int64($0)) } ?? .null),
        ("holder", value(link.holder)), ("isAssumed", .bool(link.isAssumed)),
      ])
    }
    return .object([("certainty", .string(deadlock.certainty.rawValue)), ("links", .array(links))])
  }

  private func index(of wait: ObservedWait) -> Int? {
    waits.firstIndex { $0.party == wait.party && $0.object.id == wait.object.id }
  }
}
