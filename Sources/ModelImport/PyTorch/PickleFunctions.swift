/// The functions that a pickle of tensors may call, and what they would make.
enum PickleFunctions {
  static let storageTypes: [String: NamedArray.ElementType] = [
    "torch.FloatStorage": .float32, "torch.DoubleStorage": .float64, "torch.HalfStorage": .float16,
    "torch.BFloat16Storage": .bfloat16, "torch.LongStorage": .int64, "torch.IntStorage": .int32,
    "torch.ShortStorage": .int16, "torch.CharStorage": .int8, "torch.ByteStorage": .uint8, "torch.BoolStorage": .bool,
  ]

  static func call(
    _ function: String, _ arguments: [PickleValue], at offset: Int
  ) throws(ImportError) -> PickleValue {
    switch function {
    case "collections.OrderedDict", "builtins.dict", "__builtin__.dict": return try dictionary(arguments, at: offset)
    case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor":
      return .tensor(try tensor(arguments, at: offset))
    case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
      guard case .tensor? = arguments.first else {
        throw .pickle(offset: offset, reason: "a parameter without a tensor")
      }
      return arguments[0]
    case "torch.Size":
      guard case .tuple? = arguments.first else { throw .pickle(offset: offset, reason: "a torch.Size of no tuple") }
      return arguments[0]
    default: throw .pickle(offset: offset, reason: refusal(of: function))
    }
  }

  private static func dictionary(_ arguments: [PickleValue], at offset: Int) throws(ImportError) -> PickleValue {
    let dictionary = PickleDictionary()
    guard let list = arguments.first else { return .dictionary(dictionary) }
    guard case .list(let pairs) = list else { throw .pickle(offset: offset, reason: "a dictionary of no list") }
    for pair in pairs.values {
      switch pair {
      case .tuple(let both) where both.values.count == 2: dictionary.append(both.values[0], both.values[1])
      case .list(let both) where both.values.count == 2: dictionary.append(both.values[0], both.values[1])
      default: throw .pickle(offset: offset, reason: "a dictionary of what are no pairs")
      }
    }
    return .dictionary(dictionary)
  }

  private static func tensor(_ arguments: [PickleValue], at offset: Int) throws(ImportError) -> TorchTensor {
    guard arguments.count >= 4, case .storage(let storage) = arguments[0], let start = arguments[1].int,
      let dimensions = arguments[2].ints, let strides = arguments[3].ints, dimensions.count == strides.count
    else { throw .pickle(offset: offset, reason: "a tensor whose storage, offset, size and strides are not stated") }
    return TorchTensor(storage: storage, offset: start, dimensions: dimensions, strides: strides)
  }

  private static func refusal(of function: String) -> String {
    let what = "calls \(function), which is never run here"
    if function.hasPrefix("torch._utils._rebuild") || function.hasPrefix("torch._tensor") {
      return what + ": a tensor of another kind (quantized, sparse, a subclass); save plain tensors"
    }
    return what
      + "; if this is a whole module, save its weights alone with torch.save(model.state_dict(), \"weights.pth\")"
  }
}
