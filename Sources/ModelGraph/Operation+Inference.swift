/// Why an operation cannot be applied to its inputs; the graph adds the node's name.
struct InferenceError: Error {
  var reason: String
}

/// The shape of an operation's value and of each of its parameters.
struct Inference {
  var shape: Shape
  var parameters: [(role: ParameterRole, dimensions: [Int])] = []
}

extension Operation {
  /// The standard name of the operation, as printed and as used in error messages.
  package var name: String {
    switch self {
    case .input: "input"
    case .convolution(let convolution): convolution.groups == 1 ? "convolution" : "grouped convolution"
    case .separableConvolution: "separable convolution"
    case .batchNormalization: "batch normalization"
    case .dense: "dense"
    case .activation(let activation): activation.name
    case .softmax: "softmax"
    case .add: "add"
    case .concatenate: "concatenate"
    case .maxPool: "max pool"
    case .averagePool: "average pool"
    case .globalPool(let pool): pool.kind == .average ? "global average pool" : "global max pool"
    case .flatten: "flatten"
    case .constant: "constant"
    case .binary(let binary): binary.rawValue
    case .reshape: "reshape"
    case .layerNormalization: "layer normalization"
    case .unitNormalization: "unit normalization"
    case .pad: "pad"
    case .slice: "slice"
    case .shuffleChannels: "shuffle channels"
    case .resize: "resize"
    case .transposedConvolution: "transposed convolution"
    case .parametricRelu: "parametric relu"
    case .logSoftmax: "log softmax"
    case .sparsemax: "sparsemax"
    }
  }

  /// Infers the operation's value and parameters from its inputs.
  ///
  /// Its attributes may be anything, as they come from a file. The caller checks the number of values of the result and of
  /// its parameters.
  /// - Precondition: Each input has a `checkedElementCount`.
  func infer(_ inputs: [Shape]) throws(InferenceError) -> Inference {
    try checkInputCount(inputs.count)
    switch self {
    case .input(let shape): return Inference(shape: shape)
    case .convolution(let convolution): return try convolution.infer(inputs)
    case .separableConvolution(let separable): return try separable.infer(inputs)
    case .batchNormalization(let normalization): return try normalization.infer(inputs[0])
    case .dense(let dense): return try dense.infer(inputs[0])
    case .activation(let activation):
      try activation.check()
      return Inference(shape: inputs[0])
    case .softmax, .logSoftmax, .sparsemax: return Inference(shape: inputs[0])
    case .add:
      if let other = inputs.first(where: { $0 != inputs[0] }) {
        throw InferenceError(reason: "adds unequal shapes \(inputs[0]), \(other)")
      }
      return Inference(shape: inputs[0])
    case .concatenate: return Inference(shape: try concatenated(inputs))
    case .maxPool(let window): return Inference(shape: try window.pooled(inputs[0]))
    case .averagePool(let pool): return Inference(shape: try pool.window.pooled(inputs[0]))
    case .globalPool(let pool): return Inference(shape: try pool.pooled(inputs[0]))
    case .flatten: return Inference(shape: .vector(inputs[0].elementCount))
    case .constant(let shape): return Inference(shape: shape, parameters: [(.values, shape.dimensions)])
    case .binary(let binary): return Inference(shape: try binary.infer(inputs[0], inputs[1]))
    case .reshape(let shape): return Inference(shape: try shape.reshaped(from: inputs[0]))
    case .layerNormalization(let normalization): return try normalization.infer(inputs[0])
    case .unitNormalization: return Inference(shape: inputs[0])
    case .pad(let pad): return Inference(shape: try pad.padded(inputs[0]))
    case .slice(let slice): return Inference(shape: try slice.sliced(inputs[0]))
    case .shuffleChannels(let groups): return Inference(shape: try inputs[0].requireShuffle(groups))
    case .resize(let resize): return Inference(shape: try resize.resized(inputs[0]))
    case .transposedConvolution(let convolution): return try convolution.infer(inputs[0])
    case .parametricRelu: return Inference(shape: inputs[0], parameters: [(.slope, [inputs[0].channels])])
    }
  }

  private func checkInputCount(_ count: Int) throws(InferenceError) {
    let allowed: ClosedRange<Int>
    switch self {
    case .input, .constant: allowed = 0...0
    case .convolution(let convolution): allowed = convolution.epilogue.inputCount
    case .separableConvolution(let separable): allowed = separable.epilogue.inputCount
    case .add: allowed = 2...Limits.nodes
    case .concatenate: allowed = 1...Limits.nodes
    case .binary: allowed = 2...2
    default: allowed = 1...1
    }
    guard allowed.contains(count) else {
      let expected =
        allowed.count == 1 ? "\(allowed.lowerBound)" : "\(allowed.lowerBound) to \(allowed.upperBound)"
      throw InferenceError(reason: "\(name) has \(count) inputs, expected \(expected)")
    }
  }

  private func concatenated(_ inputs: [Shape]) throws(InferenceError) -> Shape {
    var channels = 0
    for shape in inputs {
      guard shape.replacing(channels: 1) == inputs[0].replacing(channels: 1) else {
        throw InferenceError(reason: "concatenates shapes \(inputs[0]), \(shape), which differ in more than channels")
      }
      channels += shape.channels
    }
    return inputs[0].replacing(channels: channels)
  }
}

extension Convolution {
  func infer(_ inputs: [Shape]) throws(InferenceError) -> Inference {
    let (extent, channels) = try inputs[0].requireMap()
    guard (1...Limits.elements).contains(outputChannels) else {
      throw InferenceError(reason: "\(outputChannels) output channels, expected 1 to \(Limits.elements)")
    }
    guard groups > 0, channels % groups == 0, outputChannels % groups == 0 else {
      throw InferenceError(
        reason: "\(groups) groups do not divide \(channels) input and \(outputChannels) output channels")
    }
    let shape = try window.place(on: extent, channels: outputChannels)
    try inputActivation.checkFused()
    try epilogue.check(inputs, against: shape)
    let kernel = [window.size.height, window.size.width, channels / groups, outputChannels]
    return Inference(
      shape: shape,
      parameters: [(.kernel, kernel)] + (hasBias ? [(.bias, [outputChannels])] : []))
  }
}

extension SeparableConvolution {
  func infer(_ inputs: [Shape]) throws(InferenceError) -> Inference {
    let (extent, channels) = try inputs[0].requireMap()
    guard (1...Limits.elements).contains(outputChannels) else {
      throw InferenceError(reason: "\(outputChannels) output channels, expected 1 to \(Limits.elements)")
    }
    let shape = try window.place(on: extent, channels: outputChannels)
    try inputActivation.checkFused()
    try middleActivation.checkFused()
    try epilogue.check(inputs, against: shape)
    var parameters: [(role: ParameterRole, dimensions: [Int])] = [
      (.depthwiseKernel, [window.size.height, window.size.width, 1, channels])
    ]
    if hasDepthwiseBias { parameters.append((.depthwiseBias, [channels])) }
    parameters.append((.pointwiseKernel, [1, 1, channels, outputChannels]))
    if hasBias { parameters.append((.bias, [outputChannels])) }
    return Inference(shape: shape, parameters: parameters)
  }
}

extension BatchNormalization {
  fileprivate func infer(_ input: Shape) throws(InferenceError) -> Inference {
    guard epsilon.isFinite, epsilon >= 0 else {
      throw InferenceError(reason: "epsilon is \(epsilon), expected 0 or a positive number")
    }
    let roles: [ParameterRole] = (hasGamma ? [.gamma] : []) + (hasBeta ? [.beta] : []) + [.mean, .variance]
    return Inference(shape: input, parameters: roles.map { ($0, [input.channels]) })
  }
}

extension Dense {
  fileprivate func infer(_ input: Shape) throws(InferenceError) -> Inference {
    guard case .vector(let count) = input else {
      throw InferenceError(reason: "dense needs a vector, found the map \(input)")
    }
    guard (1...Limits.elements).contains(outputs) else {
      throw InferenceError(reason: "\(outputs) outputs, expected 1 to \(Limits.elements)")
    }
    try activation.checkFused()
    return Inference(
      shape: .vector(outputs),
      parameters: [(.kernel, [count, outputs])] + (hasBias ? [(.bias, [outputs])] : []))
  }
}

extension Window {
  fileprivate func place(on extent: Extent, channels: Int) throws(InferenceError) -> Shape {
    guard let placement = placement(on: extent) else {
      throw InferenceError(
        reason: "a window of \(size), stride \(stride), dilation \(dilation) does not fit an input of \(extent)")
    }
    return .map(height: placement.output.height, width: placement.output.width, channels: channels)
  }

  /// The shape of a pool's value: each position needs an input value, not just padding, to have a maximum or a mean.
  ///
  /// With at most `reach - 1` of padding on a side that is so wherever the gaps of dilation are not wider than the input.
  fileprivate func pooled(_ input: Shape) throws(InferenceError) -> Shape {
    let (extent, channels) = try input.requireMap()
    let shape = try place(on: extent, channels: channels)
    if case .explicit(let top, let left, let bottom, let right) = padding,
      max(top, bottom) > (size.height - 1) * dilation.height || max(left, right) > (size.width - 1) * dilation.width
    {
      throw InferenceError(reason: "padding leaves a pooling window of \(size) without any input")
    }
    guard size.height == 1 || dilation.height <= extent.height, size.width == 1 || dilation.width <= extent.width else {
      throw InferenceError(reason: "dilation \(dilation) leaves a pooling window without any input of \(extent)")
    }
    return shape
  }
}

extension Activation {
  fileprivate func check() throws(InferenceError) {
    if let parameter = parameters.first(where: { $0.value.isNaN }) {
      throw InferenceError(reason: "its \(name)'s \(parameter.name) is not a number")
    }
    switch self {
    case .clip(let minimum, let maximum):
      guard minimum <= maximum, minimum < .infinity, maximum > -.infinity else {
        throw InferenceError(reason: "clips to \(minimum) ... \(maximum)")
      }
    default:
      guard let parameter = parameters.first(where: { !$0.value.isFinite }) else { return }
      throw InferenceError(reason: "its \(name)'s \(parameter.name) is \(parameter.value), expected a finite number")
    }
  }

  /// Kernels apply what is fused into an operation to the zeros that pad a pixel's channels, too.
  fileprivate func checkFused() throws(InferenceError) {
    try check()
    guard self(0).isFinite else {
      throw InferenceError(reason: "a \(name), which is infinite at 0, must be an operation of its own")
    }
  }
}

extension Epilogue {
  fileprivate var inputCount: ClosedRange<Int> { addsResidual ? 2...2 : 1...1 }

  fileprivate func check(_ inputs: [Shape], against shape: Shape) throws(InferenceError) {
    try activation.checkFused()
    guard !addsResidual || inputs[1] == shape else {
      throw InferenceError(reason: "adds a residual of \(inputs[1]) to \(shape)")
    }
  }
}

extension Shape {
  func requireMap() throws(InferenceError) -> (extent: Extent, channels: Int) {
    guard case .map(let height, let width, let channels) = self else {
      throw InferenceError(reason: "needs a feature map, found a vector of \(self)")
    }
    return (Extent(height: height, width: width), channels)
  }

  fileprivate func replacing(channels: Int) -> Shape {
    switch self {
    case .map(let height, let width, _): .map(height: height, width: width, channels: channels)
    case .vector: .vector(channels)
    }
  }
}
