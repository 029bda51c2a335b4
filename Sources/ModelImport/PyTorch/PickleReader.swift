import Files

/// Interprets the part of Python's pickle that a dictionary of tensors needs.
///
/// A pickle is a program. This reader knows the instructions that assemble numbers, texts, lists, tuples and
/// dictionaries, and five functions of PyTorch that describe a tensor; everything else is refused by name. Nothing is
/// ever executed.
struct PickleReader {
  private static let largestCount = 1 << 22
  /// A training checkpoint needs about 6. Each level costs some stack where a value is released.
  private static let largestDepth = 64

  private let bytes: FileBytes
  private(set) var offset: Int
  private var stack: [PickleValue] = []
  private var memo: [Int: PickleValue] = [:]
  private var steps = 0
  /// All storages that were named, by their keys.
  private(set) var storages: [String: TorchStorage] = [:]

  /// - Parameter offset: Where the pickle begins.
  init(_ bytes: FileBytes, at offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  /// The value that the pickle describes; `offset` is then where it ends.
  mutating func read() throws(ImportError) -> PickleValue {
    stack = []
    memo = [:]
    while true {
      steps += 1
      guard steps <= Self.largestCount else { throw error("more than \(Self.largestCount) instructions") }
      let code = try byte()
      if code == 0x2e { return try pop() }  // STOP
      try interpret(code)
      guard stack.count <= Self.largestCount else { throw error("more than \(Self.largestCount) values at once") }
    }
  }

  func error(_ reason: String) -> ImportError { .pickle(offset: offset, reason: reason) }

  // MARK: Instructions

  private mutating func interpret(_ code: UInt8) throws(ImportError) {
    switch code {
    case 0x80: _ = try byte()  // PROTO
    case 0x95: _ = try number(8)  // FRAME
    case 0x28: push(.mark)
    case 0x30: _ = try pop()
    case 0x31: _ = try popToMark()
    case 0x32: push(try top())  // DUP
    case 0x4e: push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case 0x4b: push(.int(try number(1)))  // BININT1
    case 0x4d: push(.int(try number(2)))
    case 0x4a: push(.int(Int(Int32(truncatingIfNeeded: try number(4)))))
    case 0x8a: push(.int(try long(count: try number(1))))
    case 0x47: push(.float(Double(bitPattern: UInt64(bitPattern: Int64(try number(8))).byteSwapped)))  // BINFLOAT
    case 0x58: push(.string(try text(try number(4))))  // BINUNICODE
    case 0x8c: push(.string(try text(try number(1))))
    case 0x55: push(.string(try text(try number(1))))  // SHORT_BINSTRING
    case 0x54: push(.string(try text(try number(4))))
    case 0x29: push(.tuple(PickleTuple([])))
    case 0x85, 0x86, 0x87: push(.tuple(PickleTuple(try closed(try pop(Int(code) - 0x84)))))
    case 0x74: push(.tuple(PickleTuple(try closed(try popToMark()))))
    case 0x5d: push(.list(PickleList()))
    case 0x7d: push(.dictionary(PickleDictionary()))
    case 0x61: try append([try pop()])
    case 0x65: try append(try popToMark())
    case 0x73: try set(try pop(2))
    case 0x75: try set(try popToMark())
    case 0x71: memo[try number(1)] = try top()  // BINPUT
    case 0x72: memo[try number(4)] = try top()
    case 0x94: memo[memo.count] = try top()  // MEMOIZE
    case 0x68: try recall(try number(1))
    case 0x6a: try recall(try number(4))
    case 0x63: push(.global(try line() + "." + line()))  // GLOBAL
    case 0x93: try stackGlobal()
    case 0x52, 0x81: try reduce()  // REDUCE, and NEWOBJ, which makes an object of a class
    case 0x62: try build()
    case 0x51: push(.storage(try storage(try pop())))  // BINPERSID
    default: throw error("the instruction 0x\(String(code, radix: 16)), which no dictionary of tensors needs")
    }
  }

  private mutating func append(_ values: [PickleValue]) throws(ImportError) {
    let parts = try closed(values)
    guard case .list(let list) = try top(), !list.isClosed else {
      throw error("appends to what is no list, or a part of something else")
    }
    for part in parts { list.append(part) }
  }

  private mutating func set(_ values: [PickleValue]) throws(ImportError) {
    let parts = try closed(values)
    guard case .dictionary(let dictionary) = try top(), !dictionary.isClosed, parts.count % 2 == 0 else {
      throw error("sets members of what is no dictionary, or a part of something else")
    }
    for index in stride(from: 0, to: parts.count, by: 2) { dictionary.append(parts[index], parts[index + 1]) }
  }

  /// Marks values that become parts of another, so that nothing contains itself, and nothing is nested deeper than was
  /// found here.
  private func closed(_ values: [PickleValue]) throws(ImportError) -> [PickleValue] {
    for value in values {
      guard value.depth < Self.largestDepth else { throw error("nested more than \(Self.largestDepth) deep") }
      value.close()
    }
    return values
  }

  private mutating func recall(_ place: Int) throws(ImportError) {
    guard let value = memo[place] else { throw error("recalls value \(place), which it has not kept") }
    push(value)
  }

  private mutating func stackGlobal() throws(ImportError) {
    let names = try pop(2)
    guard let module = names[0].string, let name = names[1].string else { throw error("a name that is no text") }
    push(.global(module + "." + name))
  }

  /// A call of one of the known functions, as what it would make.
  private mutating func reduce() throws(ImportError) {
    let call = try pop(2)
    guard case .global(let function) = call[0], case .tuple(let arguments) = call[1] else {
      throw error("a call of what is no function")
    }
    push(try PickleFunctions.call(function, arguments.values, at: offset))
  }

  /// State that is set on an object after it is made: an `OrderedDict`'s attributes, which hold versions only.
  private mutating func build() throws(ImportError) {
    _ = try pop()
    guard case .dictionary = try top() else { throw error("sets the state of an object that is no dictionary") }
  }

  private mutating func storage(_ identifier: PickleValue) throws(ImportError) -> TorchStorage {
    guard case .tuple(let tuple) = identifier, case let parts = tuple.values, parts.count >= 5,
      parts[0].string == "storage", case .global(let type) = parts[1], let key = parts[2].string,
      let count = parts[4].int, count >= 0
    else { throw error("a persistent identifier that names no storage") }
    guard let elementType = PickleFunctions.storageTypes[type] else {
      throw error("a storage of \(type), which is not supported")
    }
    var storage = TorchStorage(key: key, elementType: elementType, count: count)
    if parts.count > 5, case .tuple(let view) = parts[5], view.values.count >= 2, let base = view.values[0].string,
      let start = view.values[1].int
    {
      storage.view = (base, start)
    }
    storages[key] = storage
    return storage
  }

  // MARK: The stack

  private mutating func push(_ value: PickleValue) { stack.append(value) }

  private func top() throws(ImportError) -> PickleValue {
    guard let value = stack.last else { throw error("reads an empty stack") }
    return value
  }

  private mutating func pop() throws(ImportError) -> PickleValue {
    guard let value = stack.popLast() else { throw error("reads an empty stack") }
    return value
  }

  private mutating func pop(_ count: Int) throws(ImportError) -> [PickleValue] {
    guard stack.count >= count else { throw error("reads an empty stack") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws(ImportError) -> [PickleValue] {
    guard let mark = stack.lastIndex(where: { if case .mark = $0 { true } else { false } }) else {
      throw error("a list without a beginning")
    }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[(mark + 1)...])
  }

  // MARK: Bytes

  private mutating func byte() throws(ImportError) -> UInt8 { UInt8(truncatingIfNeeded: try number(1)) }

  private mutating func number(_ width: Int) throws(ImportError) -> Int {
    guard let value = bytes.number(at: offset, width: width) else { throw error("cut short") }
    offset += width
    return Int(truncatingIfNeeded: value)
  }

  private mutating func long(count: Int) throws(ImportError) -> Int {
    guard count <= 8 else { throw error("a number of \(count) bytes, expected 8 at most") }
    if count == 0 { return 0 }
    let shift = 64 - 8 * count
    return (try number(count) << shift) >> shift
  }

  private mutating func text(_ count: Int) throws(ImportError) -> String {
    guard count <= 1 << 20, let slice = bytes.slice(at: offset, count: count) else {
      throw error("a text of \(count) bytes that is cut short, or of more than 1 MiB")
    }
    guard let text = String(validating: slice.array, as: UTF8.self) else { throw error("a text that is not UTF-8") }
    offset += count
    return text
  }

  private mutating func line() throws(ImportError) -> String {
    var text: [UInt8] = []
    while true {
      let next = try byte()
      if next == 0x0a { break }
      text.append(next)
      guard text.count <= 256 else { throw error("a name of more than 256 bytes") }
    }
    guard let name = String(validating: text, as: UTF8.self) else { throw error("a name that is not UTF-8") }
    return name
  }
}
