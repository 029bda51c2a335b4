import ModelGraph

/// What the TNSR section says of a tensor.
struct TensorRecord: Hashable, Sendable {
  var name: String
  var elementType: ElementType
  var dimensions: [Int]
  var scale: [Float]?
  /// Where its first block begins in the DATA section.
  var dataOffset: UInt64
  var firstBlock: Int
  /// Where the record begins in the file, and where the two fields above do; of records that were read.
  var offset = 0
  var placementOffset = 0

  /// The bytes of its elements; a record that was read has checked dimensions.
  var byteCount: Int { dimensions.reduce(elementType.byteCount, *) }
  var blockCount: Int { (byteCount + FormatConstants.blockLength - 1) / FormatConstants.blockLength }

  /// The codes of the element types, from 0.
  static let elementTypes: [ElementType] = [.float32, .float16, .bfloat16, .int8, .int32]
}

extension TensorRecord {
  /// Reads the whole section.
  static func records(from reader: inout ByteReader) throws(WeightFormatError) -> [TensorRecord] {
    let count = try reader.count("number of tensors", limit: reader.limits.tensors, unit: 32)
    var records: [TensorRecord] = []
    records.reserveCapacity(count)
    var inflated = 0
    for index in 0..<count {
      reader.subject = "tensor \(index)"
      let record = try TensorRecord(from: &reader)
      inflated += record.byteCount
      guard inflated <= reader.limits.inflatedBytes else {
        throw reader.fault(
          .limit, "inflated bytes of the tensors so far", found: "\(inflated)",
          expected: "at most \(reader.limits.inflatedBytes)")
      }
      records.append(record)
    }
    try reader.finish()
    return records
  }

  private init(from reader: inout ByteReader) throws(WeightFormatError) {
    offset = reader.offset
    name = try reader.text("name")
    if !name.isEmpty { reader.subject = "tensor \"\(name)\"" }
    elementType = try reader.choice("element type", Self.elementTypes)
    let rank = try reader.integer("rank")
    guard FormatConstants.tensorRank.contains(rank) else {
      throw reader.fault(.value, "rank", found: "\(rank)", expected: "1 to 8", back: 4)
    }
    dimensions = []
    for _ in 0..<rank { dimensions.append(try reader.integer("dimension")) }
    guard Limits.elementCount(of: dimensions) != nil else {
      throw reader.fault(
        .value, "dimensions", found: "\(dimensions)", expected: "1 to \(Limits.elements) elements", back: 4 * rank)
    }
    let hasScale = try reader.flag("scale")
    guard hasScale || elementType != .int8 else {
      throw reader.fault(.value, "scale", found: "none", expected: "one, as int8 needs", back: 4)
    }
    placementOffset = reader.offset
    dataOffset = try reader.unsigned64("offset of its data")
    firstBlock = try reader.integer("first block")
    scale = hasScale ? try reader.floats("scale", count: dimensions[rank - 1]) : nil
  }

  func encode(to writer: inout ByteWriter) throws(WeightFormatError) {
    try writer.text(name, "name of a tensor")
    writer.unsigned32(UInt32(Self.elementTypes.firstIndex(of: elementType)!))
    try writer.indices(dimensions, "dimensions")
    writer.flag(scale != nil)
    writer.unsigned64(dataOffset)
    try writer.integer(firstBlock, "first block")
    if let scale { writer.floats(scale) }
  }
}
