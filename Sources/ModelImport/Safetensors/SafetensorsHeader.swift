import Files
import ModelGraph

/// The arrays of a safetensors file: eight bytes of a length, as many of JSON, then the values without a gap.
struct SafetensorsHeader {
  private(set) var arrays: [NamedArray] = []
  /// What the writer noted, such as `format`.
  private(set) var metadata: [String: String] = [:]

  init(_ file: ForeignFile, limits: ImportLimits) throws(ImportError) {
    guard let length = file.bytes.number(at: 0, width: 8), let count = Int(exactly: length) else {
      throw file.error("cut short: no length of its header")
    }
    guard count <= limits.configurationSize else {
      throw file.error("a header of \(length) bytes, more than the limit of \(limits.configurationSize)")
    }
    guard let text = file.bytes.slice(at: 8, count: count), let values = file.bytes.suffix(from: 8 + count) else {
      throw file.error(
        "a safetensors file with a header of \(length) bytes, of which \(file.bytes.count - 8) are there: cut short or damaged; "
          + Self.nextStep)
    }
    guard case .object(let members) = try JSONParser.parse(text.array) else {
      throw file.error("a header that is no JSON object")
    }
    guard members.count <= Limits.nodes * 16 else { throw file.error("\(members.count) arrays") }
    var ranges: [(name: String, range: Range<Int>)] = []
    for (name, entry) in members {
      if name == "__metadata__" {
        if case .object(let notes) = entry { metadata = notes.compactMapValues(\.string) }
        continue
      }
      let (array, range) = try Self.array(name, entry, of: values, in: file)
      arrays.append(array)
      ranges.append((name, range))
    }
    try Self.checkOrder(ranges, count: values.count)
    arrays.sort { $0.name < $1.name }
  }

  private static let nextStep = "download or copy it again"

  private static func array(
    _ name: String, _ entry: JSON, of values: FileBytes, in file: ForeignFile
  ) throws(ImportError) -> (NamedArray, Range<Int>) {
    let error = { (reason: String) in ImportError.array(name: name, reason: reason) }
    guard let type = entry["dtype"]?.string, let list = entry["shape"]?.array, let ends = entry["data_offsets"]?.array
    else { throw error("is described by \(entry.text), expected dtype, shape and data_offsets") }
    guard let elementType = types[type] else {
      throw error("holds numbers of the type \(type), expected \(types.keys.sorted().joined(separator: ", "))")
    }
    let dimensions = list.compactMap(\.int)
    guard dimensions.count == list.count, dimensions.count <= 32, dimensions.allSatisfy({ $0 >= 0 }) else {
      throw error("has the shape \(entry["shape"]?.text ?? "")")
    }
    guard let count = dimensions.contains(0) ? 0 : Limits.elementCount(of: dimensions) else {
      throw error("has the dimensions \(dimensions), more than \(Limits.elements) values")
    }
    let offsets = ends.compactMap(\.int)
    guard offsets.count == 2, ends.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= values.count,
      let bytes = values.slice(at: offsets[0], count: offsets[1] - offsets[0])
    else {
      let place = "lies at the bytes \(entry["data_offsets"]?.text ?? ""), of \(values.count)"
      throw file.error("a safetensors file whose array \"\(name)\" \(place): cut short or damaged; \(Self.nextStep)")
    }
    guard bytes.count == count * elementType.byteCount else {
      throw error("has \(bytes.count) bytes, expected \(count * elementType.byteCount) for \(dimensions) of \(type)")
    }
    return (
      NamedArray(name: name, dimensions: dimensions, elementType: elementType, contents: bytes), offsets[0]..<offsets[1]
    )
  }

  /// No array reaches into another, and no byte belongs to none.
  private static func checkOrder(
    _ ranges: [(name: String, range: Range<Int>)], count: Int
  ) throws(ImportError) {
    var end = 0
    for (name, range) in ranges.sorted(by: {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }) {
      guard range.lowerBound == end else {
        throw .array(
          name: name,
          reason: range.lowerBound < end
            ? "begins at byte \(range.lowerBound), inside another array"
            : "leaves a hole of \(range.lowerBound - end) bytes before it")
      }
      end = range.upperBound
    }
    guard end == count else { throw .model(reason: "\(count - end) bytes after the last array belong to none") }
  }

  private static let types: [String: NamedArray.ElementType] = [
    "F16": .float16, "BF16": .bfloat16, "F32": .float32, "F64": .float64, "I8": .int8, "I16": .int16, "I32": .int32,
    "I64": .int64, "U8": .uint8, "U16": .uint16, "U32": .uint32, "U64": .uint64, "BOOL": .bool,
  ]
}
