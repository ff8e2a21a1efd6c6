internal import FoundationEssentials
internal import SkeinWork

/// What requests and answers are on the wire: small and without names, since there are many.
///
/// ```text
///  kind: 1 byte │ id: 8 │ number: 8 │ items, each: length: 8 (-1 for none) │ bytes
/// ```
///
/// Numbers are in the machine's order: both ends are on one.
struct ManagerWire: Hashable, Sendable {
  var kind: UInt8
  var id = ManagedID(number: 0)
  var number = 0
  var items: [Data?] = []

  private static let headBytes = 17

  var bytes: Data {
    var bytes = Data(capacity: items.reduce(Self.headBytes) { $0 + 8 + ($1?.count ?? 0) })
    bytes.append(kind)
    withUnsafeBytes(of: id.number) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    for item in items {
      withUnsafeBytes(of: item?.count ?? -1) { bytes.append(contentsOf: $0) }
      if let item { bytes.append(item) }
    }
    return bytes
  }

  init(_ kind: UInt8, _ id: ManagedID = ManagedID(number: 0), number: Int = 0, items: [Data?] = []) {
    (self.kind, self.id, self.number, self.items) = (kind, id, number, items)
  }

  /// Takes bytes apart that came; `nil` when they can not be.
  init?(_ bytes: Data) {
    guard bytes.count >= Self.headBytes else { return nil }
    let start = bytes.startIndex
    self.init(
      bytes[start], ManagedID(number: UInt64(bitPattern: Int64(Self.word(of: bytes, at: start + 1)))),
      number: Self.word(of: bytes, at: start + 9))
    var place = start + Self.headBytes
    while place < bytes.endIndex {
      guard bytes.endIndex - place >= 8 else { return nil }
      let count = Self.word(of: bytes, at: place)
      place += 8
      guard count >= 0 else {
        items.append(nil)
        continue
      }
      guard count <= bytes.endIndex - place else { return nil }
      items.append(Data(bytes[place..<place + count]))
      place += count
    }
  }

  private static func word(of bytes: Data, at place: Int) -> Int {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place - bytes.startIndex, as: Int.self) }
  }

  /// The items, if none is missing.
  var present: [Data]? {
    let present = items.compactMap(\.self)
    return present.count == items.count ? present : nil
  }

  /// The item at a place, if there is one.
  func item(_ index: Int) -> Data? { items.indices.contains(index) ? items[index] : nil }
}

// MARK: Requests

extension ManagerRequest {
  var wire: ManagerWire {
    switch self {
    case .giveUp: ManagerWire(0)
    case .makeDictionary: ManagerWire(1)
    case .makeList: ManagerWire(2)
    case .makeCounter(let value): ManagerWire(3, number: value)
    case .makeLock: ManagerWire(4)
    case .makeQueue(let capacity): ManagerWire(5, number: capacity ?? .max)
    case .remove(let id): ManagerWire(6, id)
    case .dictionary(let id, let operation):
      switch operation {
      case .value(let key): ManagerWire(10, id, items: [key])
      case .set(let key, let value): ManagerWire(11, id, items: [key, value])
      case .remove(let key): ManagerWire(12, id, items: [key])
      case .exchange(let key, let expected, let desired):
        ManagerWire(13, id, items: [key, expected, desired])
      case .keys: ManagerWire(14, id)
      case .contents: ManagerWire(15, id)
      case .count: ManagerWire(16, id)
      case .removeAll: ManagerWire(17, id)
      }
    case .list(let id, let operation):
      switch operation {
      case .append(let elements): ManagerWire(20, id, items: elements)
      case .insert(let element, let index): ManagerWire(21, id, number: index, items: [element])
      case .value(let index): ManagerWire(22, id, number: index)
      case .set(let element, let index): ManagerWire(23, id, number: index, items: [element])
      case .remove(let index): ManagerWire(24, id, number: index)
      case .popFirst: ManagerWire(25, id)
      case .popLast: ManagerWire(26, id)
      case .contents: ManagerWire(27, id)
      case .count: ManagerWire(28, id)
      case .removeAll: ManagerWire(29, id)
      }
    case .counter(let id, .add(let summand)): ManagerWire(30, id, number: summand)
    case .counter(let id, .exchange(let value)): ManagerWire(31, id, number: value)
    case .lock(let id, .acquire): ManagerWire(40, id)
    case .lock(let id, .tryAcquire): ManagerWire(41, id)
    case .lock(let id, .release): ManagerWire(42, id)
    case .queue(let id, let operation):
      switch operation {
      case .put(let item): ManagerWire(50, id, items: [item])
      case .tryPut(let item): ManagerWire(51, id, items: [item])
      case .get: ManagerWire(52, id)
      case .tryGet: ManagerWire(53, id)
      case .close: ManagerWire(54, id)
      case .count: ManagerWire(55, id)
      }
    }
  }

  /// What a message asks for; `nil` when it is no request.
  init?(_ wire: ManagerWire) {
    let (id, number) = (wire.id, wire.number)
    switch wire.kind {
    case 0: self = .giveUp
    case 1: self = .makeDictionary
    case 2: self = .makeList
    case 3: self = .makeCounter(number)
    case 4: self = .makeLock
    case 5: self = .makeQueue(capacity: number == .max ? nil : number)
    case 6: self = .remove(id)
    case 10..<20:
      guard let operation = DictionaryOperation(wire) else { return nil }
      self = .dictionary(id, operation)
    case 20..<30:
      guard let operation = ListOperation(wire) else { return nil }
      self = .list(id, operation)
    case 30: self = .counter(id, .add(number))
    case 31: self = .counter(id, .exchange(number))
    case 40: self = .lock(id, .acquire)
    case 41: self = .lock(id, .tryAcquire)
    case 42: self = .lock(id, .release)
    case 50..<60:
      guard let operation = QueueOperation(wire) else { return nil }
      self = .queue(id, operation)
    default: return nil
    }
  }
}

extension DictionaryOperation {
  fileprivate init?(_ wire: ManagerWire) {
    switch (wire.kind, wire.item(0), wire.item(1)) {
    case (10, let key?, nil): self = .value(key: key)
    case (11, let key?, let value?): self = .set(key: key, value: value)
    case (12, let key?, nil): self = .remove(key: key)
    case (13, let key?, let expected):
      self = .exchange(key: key, expected: expected, desired: wire.item(2))
    case (14, nil, nil): self = .keys
    case (15, nil, nil): self = .contents
    case (16, nil, nil): self = .count
    case (17, nil, nil): self = .removeAll
    default: return nil
    }
  }
}

extension ListOperation {
  fileprivate init?(_ wire: ManagerWire) {
    guard let items = wire.present else { return nil }
    switch (wire.kind, items.first) {
    case (20, _): self = .append(items)
    case (21, let element?): self = .insert(element, at: wire.number)
    case (22, nil): self = .value(at: wire.number)
    case (23, let element?): self = .set(element, at: wire.number)
    case (24, nil): self = .remove(at: wire.number)
    case (25, nil): self = .popFirst
    case (26, nil): self = .popLast
    case (27, nil): self = .contents
    case (28, nil): self = .count
    case (29, nil): self = .removeAll
    default: return nil
    }
  }
}

extension QueueOperation {
  fileprivate init?(_ wire: ManagerWire) {
    switch (wire.kind, wire.item(0)) {
    case (50, let item?): self = .put(item)
    case (51, let item?): self = .tryPut(item)
    case (52, nil): self = .get
    case (53, nil): self = .tryGet
    case (54, nil): self = .close
    case (55, nil): self = .count
    default: return nil
    }
  }
}

// MARK: Answers

extension ManagerReply {
  var wire: ManagerWire {
    switch self {
    case .done: ManagerWire(0)
    case .made(let id): ManagerWire(1, id)
    case .value(let value): ManagerWire(2, items: [value])
    case .values(let values): ManagerWire(3, items: values)
    case .number(let number): ManagerWire(4, number: number)
    case .outcome(let outcome): ManagerWire(5, number: outcome ? 1 : 0)
    case .acquired(let ownerDied): ManagerWire(6, number: ownerDied ? 1 : 0)
    case .closed: ManagerWire(7)
    case .gaveUp: ManagerWire(8)
    // Numbers have a form in every codec.
    case .failed(let error): ManagerWire(9, items: [try! messageCodec.encode(error)])
    }
  }

  /// What a message answers; `nil` when it is no answer.
  init?(_ wire: ManagerWire) {
    switch wire.kind {
    case 0: self = .done
    case 1: self = .made(wire.id)
    case 2: self = .value(wire.item(0))
    case 3:
      guard let values = wire.present else { return nil }
      self = .values(values)
    case 4: self = .number(wire.number)
    case 5: self = .outcome(wire.number != 0)
    case 6: self = .acquired(ownerDied: wire.number != 0)
    case 7: self = .closed
    case 8: self = .gaveUp
    case 9:
      guard let bytes = wire.item(0), let error = try? messageCodec.decode(ManagerError.self, from: bytes)
      else { return nil }
      self = .failed(error)
    default: return nil
    }
  }
}

extension Frame {
  /// The answer that it is.
  ///
  /// - Throws: ``ConnectionError/malformed``.
  func managerReply() throws(ConnectionError) -> ManagerReply {
    guard let reply = ManagerWire(bytes).flatMap({ ManagerReply($0) }) else { throw .malformed }
    return reply
  }
}
