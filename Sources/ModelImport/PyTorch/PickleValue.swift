/// What a pickle of tensors is made of.
indirect enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list(PickleList)
  case tuple(PickleTuple)
  case dictionary(PickleDictionary)
  /// A class or function, by module and name. It is never called.
  case global(String)
  /// What a storage's persistent identifier says.
  case storage(TorchStorage)
  case tensor(TorchTensor)
  /// Where a list of what has been marked begins; only on the stack.
  case mark

  var string: String? { if case .string(let value) = self { value } else { nil } }
  var int: Int? { if case .int(let value) = self { value } else { nil } }

  var ints: [Int]? {
    guard case .tuple(let tuple) = self else { return nil }
    let ints = tuple.values.compactMap(\.int)
    return ints.count == tuple.values.count ? ints : nil
  }

  /// How deeply containers are nested in it.
  var depth: Int {
    switch self {
    case .list(let list): list.depth
    case .tuple(let tuple): tuple.depth
    case .dictionary(let dictionary): dictionary.depth
    default: 0
    }
  }

  /// Nothing more may be added to it: it is part of another value, whose depth counts its own.
  func close() {
    switch self {
    case .list(let list): list.isClosed = true
    case .dictionary(let dictionary): dictionary.isClosed = true
    default: break
    }
  }
}

struct PickleTuple {
  let values: [PickleValue]
  let depth: Int

  init(_ values: [PickleValue]) {
    self.values = values
    depth = 1 + (values.lazy.map(\.depth).max() ?? 0)
  }
}

/// A list, which may grow after it is kept.
final class PickleList {
  private(set) var values: [PickleValue] = []
  private(set) var depth = 1
  fileprivate(set) var isClosed = false

  func append(_ value: PickleValue) {
    values.append(value)
    depth = max(depth, 1 + value.depth)
  }
}

/// A dictionary, which may grow after it is kept.
final class PickleDictionary {
  private(set) var members: [(key: PickleValue, value: PickleValue)] = []
  private(set) var depth = 1
  fileprivate(set) var isClosed = false

  func append(_ key: PickleValue, _ value: PickleValue) {
    members.append((key, value))
    depth = max(depth, 1 + max(key.depth, value.depth))
  }

  subscript(name: String) -> PickleValue? { members.last { $0.key.string == name }?.value }
}

/// Numbers that tensors are views of.
struct TorchStorage {
  /// Its name in the file.
  var key: String
  var elementType: NamedArray.ElementType
  /// In elements.
  var count: Int
  /// In the legacy form a storage may be a part of another, from this element on.
  var view: (key: String, offset: Int)?
}

/// A view of a storage, in elements.
struct TorchTensor {
  var storage: TorchStorage
  var offset: Int
  var dimensions: [Int]
  var strides: [Int]
}
