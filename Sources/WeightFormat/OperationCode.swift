import ModelGraph

/// The numbers that stand for operations in a file.
enum OperationCode: UInt32, CaseIterable {
  case input = 1
  case convolution, separableConvolution, batchNormalization, dense, activation, softmax, add, concatenate, maxPool
  /// The mean of each channel, as a vector; all other global pooling is `globalPool`.
  case averagePool, globalAveragePool, flatten
  case constant, binary, globalPool, reshape, layerNormalization, unitNormalization, pad, slice, shuffleChannels
  case resize, transposedConvolution, parametricRelu, logSoftmax, sparsemax
}

extension Operation {
  /// Reads the code and the attributes after it.
  ///
  /// - Parameter shape: The node's declared shape, which is all that an input has.
  init(from reader: inout ByteReader, code: OperationCode, shape: Shape) throws(WeightFormatError) {
    switch code {
    case .input: self = .input(shape)
    case .convolution:
      self = .convolution(
        Convolution(
          window: try Window(from: &reader), outputChannels: try reader.integer("output channels"),
          groups: try reader.integer("groups"), hasBias: try reader.flag("bias"),
          inputActivation: try Activation(from: &reader), epilogue: try Epilogue(from: &reader)))
    case .separableConvolution:
      self = .separableConvolution(
        SeparableConvolution(
          window: try Window(from: &reader), outputChannels: try reader.integer("output channels"),
          hasDepthwiseBias: try reader.flag("depthwise bias"), hasBias: try reader.flag("bias"),
          inputActivation: try Activation(from: &reader), middleActivation: try Activation(from: &reader),
          epilogue: try Epilogue(from: &reader)))
    case .batchNormalization:
      self = .batchNormalization(
        BatchNormalization(
          epsilon: try reader.float("epsilon"), hasGamma: try reader.flag("gamma"), hasBeta: try reader.flag("beta")))
    case .dense:
      self = .dense(
        Dense(
          outputs: try reader.integer("outputs"), hasBias: try reader.flag("bias"),
          activation: try Activation(from: &reader)))
    case .activation: self = .activation(try Activation(from: &reader))
    case .softmax: self = .softmax
    case .add: self = .add
    case .concatenate: self = .concatenate
    case .maxPool: self = .maxPool(try Window(from: &reader))
    case .averagePool:
      self = .averagePool(
        AveragePool(window: try Window(from: &reader), countsPadding: try reader.flag("padding counts")))
    case .globalAveragePool: self = .globalPool(GlobalPool(.average))
    case .flatten: self = .flatten
    case .constant: self = .constant(shape)
    case .binary: self = .binary(try reader.choice("binary operation", OperationCodes.binaries))
    case .globalPool: self = .globalPool(try GlobalPool(from: &reader))
    case .reshape: self = .reshape(shape)
    case .layerNormalization:
      self = .layerNormalization(
        LayerNormalization(
          epsilon: try reader.float("epsilon"), hasGamma: try reader.flag("gamma"), hasBeta: try reader.flag("beta")))
    case .unitNormalization: self = .unitNormalization
    case .pad: self = .pad(try Pad(from: &reader))
    case .slice: self = .slice(try Slice(from: &reader))
    case .shuffleChannels: self = .shuffleChannels(groups: try reader.integer("groups"))
    case .resize: self = .resize(try Resize(from: &reader))
    case .transposedConvolution: self = .transposedConvolution(try TransposedConvolution(from: &reader))
    case .parametricRelu: self = .parametricRelu
    case .logSoftmax: self = .logSoftmax
    case .sparsemax: self = .sparsemax
    }
  }

  /// Writes the attributes and returns the code, which stands before them.
  func encode(to writer: inout ByteWriter) throws(WeightFormatError) -> OperationCode {
    switch self {
    case .input: return .input
    case .convolution(let convolution):
      try convolution.encode(to: &writer)
      return .convolution
    case .separableConvolution(let separable):
      try separable.encode(to: &writer)
      return .separableConvolution
    case .batchNormalization(let normalization):
      writer.float(normalization.epsilon)
      writer.flag(normalization.hasGamma)
      writer.flag(normalization.hasBeta)
      return .batchNormalization
    case .dense(let dense):
      try writer.integer(dense.outputs, "outputs")
      writer.flag(dense.hasBias)
      dense.activation.encode(to: &writer)
      return .dense
    case .activation(let activation):
      activation.encode(to: &writer)
      return .activation
    case .softmax: return .softmax
    case .add: return .add
    case .concatenate: return .concatenate
    case .maxPool(let window):
      try window.encode(to: &writer)
      return .maxPool
    case .averagePool(let pool):
      try pool.window.encode(to: &writer)
      writer.flag(pool.countsPadding)
      return .averagePool
    case .globalPool(GlobalPool(.average)): return .globalAveragePool
    case .globalPool(let pool):
      pool.encode(to: &writer)
      return .globalPool
    case .flatten: return .flatten
    case .constant: return .constant
    case .binary(let binary):
      writer.unsigned32(UInt32(OperationCodes.binaries.firstIndex(of: binary)!))
      return .binary
    case .reshape: return .reshape
    case .layerNormalization(let normalization):
      writer.float(normalization.epsilon)
      writer.flag(normalization.hasGamma)
      writer.flag(normalization.hasBeta)
      return .layerNormalization
    case .unitNormalization: return .unitNormalization
    case .pad(let pad):
      try pad.encode(to: &writer)
      return .pad
    case .slice(let slice):
      try slice.encode(to: &writer)
      return .slice
    case .shuffleChannels(let groups):
      try writer.integer(groups, "groups")
      return .shuffleChannels
    case .resize(let resize):
      try resize.encode(to: &writer)
      return .resize
    case .transposedConvolution(let convolution):
      try convolution.encode(to: &writer)
      return .transposedConvolution
    case .parametricRelu: return .parametricRelu
    case .logSoftmax: return .logSoftmax
    case .sparsemax: return .sparsemax
    }
  }

  /// Whether only an optimizer makes such a step.
  var isOptimized: Bool {
    switch self {
    case .convolution(let convolution):
      convolution.inputActivation != .identity || convolution.epilogue != Epilogue()
    case .separableConvolution: true
    case .dense(let dense): dense.activation != .identity
    default: false
    }
  }
}

extension Convolution {
  fileprivate func encode(to writer: inout ByteWriter) throws(WeightFormatError) {
    try window.encode(to: &writer)
    try writer.integer(outputChannels, "output channels")
    try writer.integer(groups, "groups")
    writer.flag(hasBias)
    inputActivation.encode(to: &writer)
    epilogue.encode(to: &writer)
  }
}

extension SeparableConvolution {
  fileprivate func encode(to writer: inout ByteWriter) throws(WeightFormatError) {
    try window.encode(to: &writer)
    try writer.integer(outputChannels, "output channels")
    writer.flag(hasDepthwiseBias)
    writer.flag(hasBias)
    inputActivation.encode(to: &writer)
    middleActivation.encode(to: &writer)
    epilogue.encode(to: &writer)
  }
}

extension Window {
  fileprivate init(from reader: inout ByteReader) throws(WeightFormatError) {
    let size = try Extent(from: &reader, "window")
    let stride = try Extent(from: &reader, "stride")
    let dilation = try Extent(from: &reader, "dilation")
    let kind = try reader.choice("padding", [0, 1, 2])
    let top = try reader.integer("padding above")
    let left = try reader.integer("padding on the left")
    let bottom = try reader.integer("padding below")
    let right = try reader.integer("padding on the right")
    guard kind == 2 || top | left | bottom | right == 0 else {
      throw reader.fault(
        .value, "padding", found: "\(top), \(left), \(bottom), \(right)", expected: "zeros unless explicit", back: 16)
    }
    let padding: Padding =
      switch kind {
      case 0: .same
      case 1: .valid
      default: .explicit(top: top, left: left, bottom: bottom, right: right)
      }
    self.init(size: size, stride: stride, dilation: dilation, padding: padding)
  }

  fileprivate func encode(to writer: inout ByteWriter) throws(WeightFormatError) {
    for extent in [size, stride, dilation] {
      try writer.integer(extent.height, "height of a window")
      try writer.integer(extent.width, "width of a window")
    }
    switch padding {
    case .same: for field: UInt32 in [0, 0, 0, 0, 0] { writer.unsigned32(field) }
    case .valid: for field: UInt32 in [1, 0, 0, 0, 0] { writer.unsigned32(field) }
    case .explicit(let top, let left, let bottom, let right):
      writer.unsigned32(2)
      for side in [top, left, bottom, right] { try writer.integer(side, "padding") }
    }
  }
}

extension Extent {
  fileprivate init(from reader: inout ByteReader, _ what: String) throws(WeightFormatError) {
    self.init(height: try reader.integer("\(what) height"), width: try reader.integer("\(what) width"))
  }
}

extension Activation {
  /// Its number and its first parameter, or 0; a second parameter follows where there is one.
  fileprivate init(from reader: inout ByteReader) throws(WeightFormatError) {
    let activation = try reader.choice("activation", Self.examples, expected: ByteReader.knownNumber)
    if activation.parameters.isEmpty {
      let parameter = try reader.float("parameter")
      guard parameter.bitPattern == 0 else {
        throw reader.fault(
          .value, "parameter", found: "\(parameter)", expected: "0, as \(activation.name) has none", back: 4)
      }
    }
    let isClip = if case .clip = activation { true } else { false }
    var values: [Float] = []
    for (name, _) in activation.parameters { values.append(try isClip ? reader.limit(name) : reader.float(name)) }
    self = activation.replacingParameters(values)
  }

  fileprivate func encode(to writer: inout ByteWriter) {
    writer.unsigned32(code)
    if parameters.isEmpty { writer.float(0) }
    for parameter in parameters { writer.float(parameter.value) }
  }
}

extension Epilogue {
  fileprivate init(from reader: inout ByteReader) throws(WeightFormatError) {
    self.init(addsResidual: try reader.flag("residual"), activation: try Activation(from: &reader))
  }

  fileprivate func encode(to writer: inout ByteWriter) {
    writer.flag(addsResidual)
    activation.encode(to: &writer)
  }
}
