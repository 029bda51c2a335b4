import ModelGraph

/// The codes of attributes, by their place in these lists.
enum OperationCodes {
  static let binaries: [Binary] = [.sum, .difference, .product, .quotient, .maximum, .minimum]
  static let globalPools: [GlobalPool.Kind] = [.average, .maximum]
  static let resizeFilters: [Resize.Filter] = [.nearest, .bilinear, .bicubic, .lanczos3, .lanczos5]
}

extension GlobalPool {
  init(from reader: inout ByteReader) throws(WeightFormatError) {
    let kind = try reader.choice("global pool", OperationCodes.globalPools)
    self.init(kind, keepsDimensions: try reader.flag("keeps dimensions"))
    guard self != GlobalPool(.average) else {
      throw reader.fault(.value, "global pool", found: "an average", expected: "the operation of that name", back: 8)
    }
  }

  func encode(to writer: inout ByteWriter) {
    writer.unsigned32(UInt32(OperationCodes.globalPools.firstIndex(of: kind)!))
    writer.flag(keepsDimensions)
  }
}

extension Pad {
  init(from reader: inout ByteReader) throws(WeightFormatError) {
    self.init(
      top: try reader.integer("padding above"), left: try reader.integer("padding on the left"),
      bottom: try reader.integer("padding below"), right: try reader.integer("padding on the right"),
      value: try reader.float("padding value"))
  }

  func encode(to writer: inout ByteWriter) throws(WeightFormatError) {
    for side in [top, left, bottom, right] { try writer.integer(side, "padding") }
    writer.float(value)
  }
}

extension Slice {
  init(from reader: inout ByteReader) throws(WeightFormatError) {
    func axis(_ name: String) throws(WeightFormatError) -> Axis {
      Axis(first: try reader.integer("first of the \(name)"), count: try reader.integer("number of \(name)"))
    }
    self.init(rows: try axis("rows"), columns: try axis("columns"), channels: try axis("channels"))
  }

  func encode(to writer: inout ByteWriter) throws(WeightFormatError) {
    for axis in [rows, columns, channels] {
      try writer.integer(axis.first, "first of a slice")
      try writer.integer(axis.count, "number of a slice")
    }
  }
}

extension Resize {
  init(from reader: inout ByteReader) throws(WeightFormatError) {
    let isFactor = try reader.choice("resize target", [true, false])
    let sides = Extent(height: try reader.integer("resize height"), width: try reader.integer("resize width"))
    let filter = try reader.choice("resize filter", OperationCodes.resizeFilters)
    self.init(isFactor ? .factor(sides) : .size(sides), filter: filter)
  }

  func encode(to writer: inout ByteWriter) throws(WeightFormatError) {
    let (code, sides): (UInt32, Extent) =
      switch target {
      case .factor(let factor): (0, factor)
      case .size(let size): (1, size)
      }
    writer.unsigned32(code)
    try writer.integer(sides.height, "resize height")
    try writer.integer(sides.width, "resize width")
    writer.unsigned32(UInt32(OperationCodes.resizeFilters.firstIndex(of: filter)!))
  }
}

extension TransposedConvolution {
  init(from reader: inout ByteReader) throws(WeightFormatError) {
    func extent(_ name: String) throws(WeightFormatError) -> Extent {
      Extent(height: try reader.integer("\(name) height"), width: try reader.integer("\(name) width"))
    }
    self.init(
      size: try extent("window"), stride: try extent("stride"), dilation: try extent("dilation"),
      padding: Border(
        top: try reader.integer("padding above"), left: try reader.integer("padding on the left"),
        bottom: try reader.integer("padding below"), right: try reader.integer("padding on the right")),
      extra: try extent("extra"), outputChannels: try reader.integer("output channels"),
      hasBias: try reader.flag("bias"))
  }

  func encode(to writer: inout ByteWriter) throws(WeightFormatError) {
    for extent in [size, stride, dilation] {
      try writer.integer(extent.height, "height of a window")
      try writer.integer(extent.width, "width of a window")
    }
    for side in [padding.top, padding.left, padding.bottom, padding.right] { try writer.integer(side, "padding") }
    try writer.integer(extra.height, "extra height")
    try writer.integer(extra.width, "extra width")
    try writer.integer(outputChannels, "output channels")
    writer.flag(hasBias)
  }
}
