import Files
import ModelGraph

/// The tensors of a state dictionary, by name.
struct TorchTensors {
  private(set) var tensors: [(name: String, tensor: TorchTensor)] = []
  /// Which of several dictionaries they are.
  private(set) var notes: [String] = []

  /// Names under which checkpoints of a training store the dictionary, beside the optimizer's state and counters. The
  /// weights' running means come first, as in timm's `load_state_dict`: they are what the training is judged by.
  private static let containers = [
    "state_dict_ema", "model_ema", "ema", "state_dict", "model_state_dict", "model", "net", "weights",
  ]

  init(of value: PickleValue) throws(ImportError) {
    guard case .dictionary(let dictionary) = value else {
      throw .model(
        reason:
          "the pickle holds no dictionary of tensors; save one with torch.save(model.state_dict(), \"weights.pth\")")
    }
    tensors = Self.tensors(of: dictionary)
    var (found, taken): ([String], String?) = ([], nil)
    for name in Self.containers {
      guard case .dictionary(let inner)? = dictionary[name] else { continue }
      let nested = Self.tensors(of: inner)
      if !nested.isEmpty { found.append(name) }
      if nested.count > tensors.count { (tensors, taken) = (nested, name) }
    }
    if let taken, found.count > 1 {
      let others = found.filter { $0 != taken }.map { "\"\($0)\"" }.joined(separator: ", ")
      notes = [
        "the weights are those of \"\(taken)\"; beside them the file has \(others) (save another by itself to use it)"
      ]
    }
    guard !tensors.isEmpty else { throw .model(reason: "the pickle's dictionary holds no tensors") }
  }

  private static func tensors(of dictionary: PickleDictionary) -> [(name: String, tensor: TorchTensor)] {
    dictionary.members.compactMap { key, value in
      guard let name = key.string, case .tensor(let tensor) = value else { return nil }
      return (name, tensor)
    }
  }

  /// - Parameter bytes: Gives a storage's.
  func weights(
    _ bytes: (TorchStorage) throws(ImportError) -> FileBytes
  ) throws(ImportError) -> StateDictionary {
    var storages: [String: FileBytes] = [:]
    var arrays: [NamedArray] = []
    for (name, tensor) in tensors {
      let storage = tensor.storage
      let whole: FileBytes
      if let known = storages[storage.key] {
        whole = known
      } else {
        whole = try bytes(storage)
        storages[storage.key] = whole
      }
      arrays.append(try Self.array(name, tensor, of: whole))
    }
    return try StateDictionary(arrays, notes: notes)
  }

  /// A tensor's part of a storage: contiguous, possibly with transposed dimensions.
  private static func array(
    _ name: String, _ tensor: TorchTensor, of bytes: FileBytes
  ) throws(ImportError) -> NamedArray {
    let error = { (reason: String) in ImportError.array(name: name, reason: reason) }
    let type = tensor.storage.elementType
    guard tensor.dimensions.allSatisfy({ $0 >= 0 }), tensor.strides.allSatisfy({ $0 >= 0 }), tensor.offset >= 0,
      let count = tensor.dimensions.contains(0) ? 0 : Limits.elementCount(of: tensor.dimensions)
    else {
      throw error("has the dimensions \(tensor.dimensions), the strides \(tensor.strides), the offset \(tensor.offset)")
    }
    guard bytes.count % type.byteCount == 0, tensor.offset <= bytes.count / type.byteCount,
      count <= bytes.count / type.byteCount - tensor.offset,
      let part = bytes.slice(at: tensor.offset * type.byteCount, count: count * type.byteCount)
    else {
      throw error(
        "needs \(count) values from \(tensor.offset) on, of \(bytes.count / type.byteCount) in its storage")
    }
    // The dimensions from the longest steps to the shortest, the order in memory.
    let moved = tensor.dimensions.indices.sorted {
      (tensor.strides[$1], tensor.dimensions[$1] == 1 ? 1 : 0, $0) < (
        tensor.strides[$0], tensor.dimensions[$0] == 1 ? 1 : 0, $1
      )
    }
    var step = 1
    for axis in moved.reversed() where tensor.dimensions[axis] != 1 {
      guard count == 0 || tensor.strides[axis] == step else {
        throw error(
          "has the strides \(tensor.strides) for \(tensor.dimensions): a view with gaps; save a contiguous copy")
      }
      step *= tensor.dimensions[axis]
    }
    let stored = NamedArray(
      name: name, dimensions: moved.map { tensor.dimensions[$0] }, elementType: type, contents: part)
    let back = tensor.dimensions.indices.map { axis in moved.firstIndex(of: axis) ?? axis }
    return stored.permuted(back)
  }
}
