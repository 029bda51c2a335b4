import Files
import ModelGraph

/// The values of an ONNX file's tensors, in place: in the file or in one beside it.
struct ONNXArrays {
  let file: ForeignFile
  let limits: ImportLimits
  private var neighbors: [String: ForeignFile] = [:]

  init(_ file: ForeignFile, limits: ImportLimits) {
    self.file = file
    self.limits = limits
  }

  mutating func array(_ tensor: ONNXTensor) throws(ImportError) -> NamedArray {
    let error = { (reason: String) in ImportError.array(name: tensor.name, reason: reason) }
    guard let type = NamedArray.ElementType(onnx: tensor.type) else {
      throw error("holds numbers of the type \(Self.name(ofType: tensor.type)), which is not supported")
    }
    guard let count = ONNXConstant.count(of: tensor.dimensions) else {
      throw error("has the dimensions \(tensor.dimensions), expected \(Limits.elements) values at most")
    }
    let contents = try contents(tensor, type, count: count)
    return NamedArray(name: tensor.name, dimensions: tensor.dimensions, elementType: type, contents: contents)
  }

  private mutating func contents(
    _ tensor: ONNXTensor, _ type: NamedArray.ElementType, count: Int
  ) throws(ImportError) -> any TensorContents {
    let expected = count * type.byteCount
    let bytes: FileBytes?
    switch tensor.payload {
    case .raw(let range): bytes = file.bytes.slice(at: range.lowerBound, count: range.count)
    case .external(let data): bytes = try external(data, of: tensor, expected: expected)
    case .fields(let fields):
      // Packed floats are stored like raw data.
      if fields.count == 1, fields[0].encoding.byteCount == type.byteCount {
        bytes = file.bytes.slice(at: fields[0].range.lowerBound, count: fields[0].range.count)
      } else {
        bytes = FileBytes(try decoded(fields, type, of: tensor, count: count))
      }
    }
    guard let bytes, bytes.count == expected else {
      throw .array(
        name: tensor.name,
        reason: "has \(bytes?.count ?? 0) bytes, expected \(expected) for the dimensions \(tensor.dimensions)")
    }
    return bytes
  }

  /// Bytes of a file in the folder of the model file.
  private mutating func external(
    _ data: ONNXTensor.ExternalData, of tensor: ONNXTensor, expected: Int
  ) throws(ImportError) -> FileBytes? {
    let error = { (reason: String) in ImportError.array(name: tensor.name, reason: reason) }
    let location = data.location.hasPrefix("./") ? String(data.location.dropFirst(2)) : data.location
    guard !location.isEmpty, location != "..", location != ".",
      !location.unicodeScalars.contains(where: { $0 == "/" || $0 == "\\" || $0 == "\0" })
    else { throw error("lies in \"\(data.location)\", expected the name of a file in the model's own folder") }
    let neighbor: ForeignFile
    if let known = neighbors[location] {
      neighbor = known
    } else {
      do throws(ImportError) {
        neighbor = try ForeignFile(path: file.folder + location, limit: limits.fileSize)
      } catch {
        throw .array(
          name: tensor.name,
          reason: "lies in \"\(location)\", which must stand beside the model (\(error)); copy both files together")
      }
      neighbors[location] = neighbor
    }
    let length = data.length ?? expected
    guard length == expected else { throw error("has \(length) bytes in \"\(location)\", expected \(expected)") }
    guard let bytes = neighbor.bytes.slice(at: data.offset, count: length) else {
      throw error(
        "lies at bytes \(data.offset) + \(length) of \"\(location)\", which has only \(neighbor.bytes.count)")
    }
    return bytes
  }

  /// Numbers of the fields for single types as little-endian bytes of the tensor's own type.
  private func decoded(
    _ fields: [ONNXTensor.Field], _ type: NamedArray.ElementType, of tensor: ONNXTensor, count: Int
  ) throws(ImportError) -> [UInt8] {
    let size = type.byteCount
    // A number takes at least a byte, so a false count is refused before memory is allocated.
    guard fields.reduce(0, { $0 + $1.range.count }) >= count else {
      throw .array(
        name: tensor.name, reason: "has fewer numbers than the \(count) of its dimensions \(tensor.dimensions)")
    }
    var result: [UInt8] = []
    result.reserveCapacity(count * size)
    try unsafe file.bytes.withUnsafeBytes { bytes throws(ImportError) in
      for field in fields {
        var numbers = unsafe ProtobufReader(bytes, field.range)
        while numbers.offset < field.range.upperBound {
          let number: UInt64
          switch field.encoding {
          case .varint: number = try numbers.varint()
          case .fixed32: number = UInt64(try numbers.fixed32())
          case .fixed64: number = try numbers.fixed64()
          }
          guard result.count < count * size else {
            throw .array(name: tensor.name, reason: "has more numbers than its dimensions \(tensor.dimensions) say")
          }
          for byte in 0..<size { result.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * byte))) }
        }
      }
    }
    return result
  }

  static func name(ofType type: Int) -> String {
    let names = [
      "undefined", "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "double",
      "uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
      "float8e5m2fnuz", "uint4", "int4", "float4e2m1",
    ]
    return names.indices.contains(type) ? names[type] : "\(type)"
  }
}

extension NamedArray.ElementType {
  /// From `TensorProto.DataType`.
  init?(onnx type: Int) {
    let types: [Int: NamedArray.ElementType] = [
      1: .float32, 2: .uint8, 3: .int8, 4: .uint16, 5: .int16, 6: .int32, 7: .int64, 9: .bool, 10: .float16,
      11: .float64, 12: .uint32, 13: .uint64, 16: .bfloat16,
    ]
    guard let found = types[type] else { return nil }
    self = found
  }
}

extension ONNXTensor.Field.Encoding {
  /// Bytes of each number, 0 where they differ.
  fileprivate var byteCount: Int {
    switch self {
    case .fixed32: 4
    case .fixed64: 8
    case .varint: 0
    }
  }
}
