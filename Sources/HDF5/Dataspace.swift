/// The extent of a dataset or an attribute.
struct Dataspace {
  /// Empty for a scalar, `[0]` where there are no values at all (H5S_NULL).
  var dimensions: [Int]
  /// What the dimensions may grow to; nil for one without a limit.
  var maximum: [Int?]
  var count: Int

  init(_ message: Fields) throws(HDF5Error) {
    var fields = message.named("Dataspace message")
    let version = try fields.version(1...2)
    let rank = try fields.byte()
    let flags = try fields.byte()
    guard rank <= 32 else { throw fields.error("\(rank) dimensions, expected at most 32") }
    if version == 1 {
      try fields.skip(5)
    } else {
      let kind = try fields.byte()
      guard kind <= 2, kind == 1 || rank == 0 else { throw fields.error("kind \(kind) with \(rank) dimensions") }
      if kind == 2 {
        (dimensions, maximum, count) = ([0], [0], 0)
        return
      }
    }
    dimensions = []
    for _ in 0..<rank { dimensions.append(try fields.length()) }
    maximum = dimensions
    if flags & 1 != 0 {
      for index in 0..<rank {
        let width = fields.widths.length
        let value = try fields.number(width: width)
        maximum[index] = value == UInt64.max >> UInt64(64 - 8 * width) ? nil : Int(clamping: value)
      }
    }
    guard let count = elementCount(dimensions) else {
      throw fields.error("its dimensions \(dimensions) are beyond any file")
    }
    self.count = count
  }
}

/// The product of dimensions; nil where it does not fit.
func elementCount(_ dimensions: [Int]) -> Int? {
  if dimensions.contains(0) { return 0 }
  var count = 1
  for dimension in dimensions {
    let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
    guard !overflow, product >= 0 else { return nil }
    count = product
  }
  return count
}
