import ModelGraph

/// A cell of NASNet-A (figure 4 of the paper): its name is a suffix of its layers' names.
struct Cell {
  /// The nodes that the next cell reads: what the last one made, and what that one read.
  struct State {
    var current: Int
    var previous: Int?
  }

  var name: String
  var filters: Int
}

extension NetworkBuilder {
  mutating func appendNormal(_ cell: Cell, _ state: inout Cell.State) throws {
    let start = state.current
    let p = try appendAdjustment(cell, state)
    let h = try appendProjection("normal", cell, start)
    let x1 = try appendSum(
      "normal_add_1_\(cell.name)",
      try appendSeparable("normal_left1", cell, h, 5), try appendSeparable("normal_right1", cell, p, 3))
    let x2 = try appendSum(
      "normal_add_2_\(cell.name)",
      try appendSeparable("normal_left2", cell, p, 5), try appendSeparable("normal_right2", cell, p, 3))
    let x3 = try appendSum("normal_add_3_\(cell.name)", try appendAverage("normal_left3_\(cell.name)", h), p)
    let x4 = try appendSum(
      "normal_add_4_\(cell.name)",
      try appendAverage("normal_left4_\(cell.name)", p), try appendAverage("normal_right4_\(cell.name)", p))
    let x5 = try appendSum("normal_add_5_\(cell.name)", try appendSeparable("normal_left5", cell, h, 3), h)
    try append("normal_concat_\(cell.name)", .concatenate, [p, x1, x2, x3, x4, x5])
    state = Cell.State(current: last, previous: start)
  }

  mutating func appendReduction(_ cell: Cell, _ state: inout Cell.State) throws {
    let start = state.current
    let p = try appendAdjustment(cell, state)
    let h = try appendProjection("reduction", cell, start)
    let padded = try appendPadding("reduction_pad_1_\(cell.name)", h)
    let x1 = try appendSum(
      "reduction_add_1_\(cell.name)",
      try appendSeparable("reduction_left1", cell, h, 5, stride: 2),
      try appendSeparable("reduction_right1", cell, p, 7, stride: 2))
    let shrinking = Window(size: Extent(3), stride: Extent(2), padding: .valid)
    try append("reduction_left2_\(cell.name)", .maxPool(shrinking), [padded])
    let x2 = try appendSum(
      "reduction_add_2_\(cell.name)", last, try appendSeparable("reduction_right2", cell, p, 7, stride: 2))
    try append("reduction_left3_\(cell.name)", .averagePool(AveragePool(window: shrinking)), [padded])
    let x3 = try appendSum(
      "reduction_add3_\(cell.name)", last, try appendSeparable("reduction_right3", cell, p, 5, stride: 2))
    let averaged = try appendAverage("reduction_left4_\(cell.name)", x1)
    let x4 = try appendSum("reduction_sum4_\(cell.name)", x2, averaged)
    let separable = try appendSeparable("reduction_left4", cell, x1, 3)
    try append("reduction_right5_\(cell.name)", .maxPool(shrinking), [padded])
    let x5 = try appendSum("reduction_add4_\(cell.name)", separable, last)
    try append("reduction_concat_\(cell.name)", .concatenate, [x2, x3, x4, x5])
    state = Cell.State(current: last, previous: start)
  }

  /// What the cell before read, as high and wide as what this one reads and with this one's channels.
  private mutating func appendAdjustment(_ cell: Cell, _ state: Cell.State) throws -> Int {
    guard let previous = state.previous else { return state.current }
    last = previous
    let (shape, wanted) = (builder.shape(of: previous).dimensions, builder.shape(of: state.current).dimensions)
    if shape[1] != wanted[1] { return try appendHalving(cell, height: shape[0], width: shape[1]) }
    if shape[2] != width(cell.filters) {
      try append("adjust_relu_\(cell.name)", .activation(.relu))
      try appendConvolution("adjust_conv_projection_\(cell.name)", cell.filters)
      try appendNormalization("adjust_bn_\(cell.name)")
    }
    return last
  }

  /// Every second position, and beside it the positions one below and to the right of those.
  private mutating func appendHalving(_ cell: Cell, height: Int, width: Int) throws -> Int {
    let every = AveragePool(window: Window(size: Extent(1), stride: Extent(2), padding: .valid))
    let (filters, channels) = (self.width(cell.filters), channels)
    func half(_ outputs: Int) -> Operation {
      .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: outputs))
    }
    try append("adjust_relu_1_\(cell.name)", .activation(.relu))
    let start = last
    try append("adjust_avg_pool_1_\(cell.name)", .averagePool(every))
    try append("adjust_conv_1_\(cell.name)", half(filters / 2))
    let first = last
    try append("adjust_pad_\(cell.name)", .pad(Pad(top: 0, left: 0, bottom: 1, right: 1)), [start])
    let shifted = Slice(
      rows: .init(first: 1, count: height), columns: .init(first: 1, count: width),
      channels: .init(first: 0, count: channels))
    try append("adjust_crop_\(cell.name)", .slice(shifted))
    try append("adjust_avg_pool_2_\(cell.name)", .averagePool(every))
    try append("adjust_conv_2_\(cell.name)", half(filters - filters / 2))
    try append("adjust_concat_\(cell.name)", .concatenate, [first, last])
    try appendNormalization("adjust_bn_\(cell.name)")
    return last
  }

  private mutating func appendProjection(_ kind: String, _ cell: Cell, _ input: Int) throws -> Int {
    try append("\(kind)_relu_\(cell.name)", .activation(.relu), [input])
    try appendConvolution("\(kind)_conv_1_\(cell.name)", cell.filters)
    try appendNormalization("\(kind)_bn_1_\(cell.name)")
    return last
  }

  /// Two separable convolutions, of which the first may shrink.
  private mutating func appendSeparable(
    _ place: String, _ cell: Cell, _ input: Int, _ side: Int, stride: Int = 1
  ) throws -> Int {
    last = input
    for (index, stride) in [stride, 1].enumerated() {
      let name = "separable_conv_\(index + 1)_\(place)_\(cell.name)"
      try append("\(name)_relu", .activation(.relu))
      try appendDepthwise("\(name)/depthwise", Window(size: Extent(side), stride: Extent(stride)))
      try appendConvolution("\(name)/pointwise", cell.filters)
      if stride > 1 { keras.padded.insert(name) }
      try appendNormalization("separable_conv_\(index + 1)_bn_\(place)_\(cell.name)")
    }
    return last
  }

  /// Zeros around a map, as a window of three with stride 2 needs them; they count in averages and maxima.
  private mutating func appendPadding(_ name: String, _ input: Int) throws -> Int {
    let shape = builder.shape(of: input).dimensions
    let (top, left) = (shape[0] % 2, shape[1] % 2)
    try append(name, .pad(Pad(top: top, left: left, bottom: 1, right: 1)), [input])
    return last
  }

  private mutating func appendAverage(_ name: String, _ input: Int) throws -> Int {
    try append(name, .averagePool(AveragePool(window: Window(size: Extent(3)))), [input])
    return last
  }

  private mutating func appendSum(_ name: String, _ first: Int, _ second: Int) throws -> Int {
    try append(name, .add, [first, second])
    return last
  }
}
