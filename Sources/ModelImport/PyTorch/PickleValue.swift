/// What a pickle of tensors is made of.
indirect enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list(PickleList)
  case tuple([PickleValue])
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
    guard case .tuple(let values) = self else { return nil }
    let ints = values.compactMap(\.int)
    return ints.count == values.count ? ints : nil
  }
}

/// A list, which may grow after it is kept.
final class PickleList {
  var values: [PickleValue] = []
}

/// A dictionary, which may grow after it is kept.
final class PickleDictionary {
  var members: [(key: PickleValue, value: PickleValue)] = []

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
