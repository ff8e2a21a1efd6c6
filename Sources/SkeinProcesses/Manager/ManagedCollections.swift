internal import DequeModule
internal import FoundationEssentials

extension Dictionary<Data, Data> {
  /// Does one thing that a client of a manager asks for.
  mutating func perform(_ operation: DictionaryOperation) -> ManagerReply {
    switch operation {
    case .value(let key): return .value(self[key])
    case .set(let key, let value):
      self[key] = value
      return .done
    case .remove(let key): return .value(removeValue(forKey: key))
    case .exchange(let key, let expected, let desired):
      guard self[key] == expected else { return .outcome(false) }
      self[key] = desired
      return .outcome(true)
    case .keys: return .values(Array(keys))
    case .contents: return .values(flatMap { [$0.key, $0.value] })
    case .count: return .number(count)
    case .removeAll:
      removeAll()
      return .done
    }
  }
}

extension Deque<Data> {
  /// Does one thing that a client of a manager asks for.
  mutating func perform(_ operation: ListOperation) -> ManagerReply {
    switch operation {
    case .append(let elements):
      append(contentsOf: elements)
      return .done
    case .insert(let element, let index):
      guard (0...count).contains(index) else { return .failed(.outOfBounds(index: index, count: count)) }
      insert(element, at: index)
      return .done
    case .value(let index): return withElement(at: index) { .value($0) }
    case .set(let element, let index):
      return withElement(at: index) {
        $0 = element
        return .done
      }
    case .remove(let index):
      guard indices.contains(index) else { return .failed(.outOfBounds(index: index, count: count)) }
      return .value(remove(at: index))
    case .popFirst: return .value(popFirst())
    case .popLast: return .value(popLast())
    case .contents: return .values(map(\.self))
    case .count: return .number(count)
    case .removeAll:
      removeAll()
      return .done
    }
  }

  private mutating func withElement(at index: Int, _ body: (inout Data) -> ManagerReply) -> ManagerReply {
    guard indices.contains(index) else { return .failed(.outOfBounds(index: index, count: count)) }
    return body(&self[index])
  }
}
