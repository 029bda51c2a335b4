import ModelGraph

/// Makes seeded random weights, in the order in which a builder asks for them.
package struct RandomWeights {
  package enum Values: Sendable {
    /// Floats that keep the values of deep networks within a sensible range: kernels are uniform with the variance
    /// 1 / (inputs of a sum), gammas and variances are within 0.5 to 1.5, all else within -0.5 to 0.5.
    case floats
    /// Whole numbers from -3 to 3, and the exact normalization (gamma 1, variance 1 with an epsilon of 0): sums of
    /// products stay exact in a Float, so results are equal bit for bit whatever their order, up to 2^24.
    case integers
  }

  private let values: Values
  private var generator: SplitMix64

  package init(seed: UInt64, values: Values = .floats) {
    self.values = values
    generator = SplitMix64(seed: seed)
  }

  /// The tensor `node/role`.
  package mutating func tensor(_ node: String, _ role: ParameterRole, _ dimensions: [Int]) -> Tensor {
    let count = dimensions.reduce(1, *)
    let range: ClosedRange<Float>
    switch (values, role) {
    case (.integers, .gamma), (.integers, .variance): range = 1...1
    case (.integers, _): range = -3...3
    case (.floats, .gamma), (.floats, .variance): range = 0.5...1.5
    case (.floats, .kernel), (.floats, .depthwiseKernel), (.floats, .pointwiseKernel):
      let bound = (3 / Float(count / dimensions[dimensions.count - 1])).squareRoot()
      range = -bound...bound
    case (.floats, _): range = -0.5...0.5
    }
    return Tensor(name: "\(node)/\(role)", dimensions: dimensions, values: array(count: count, in: range))
  }

  /// An input of a network: floats of -1 to 1, or whole numbers from -3 to 3.
  package mutating func input(count: Int) -> [Float] {
    array(count: count, in: values == .integers ? -3...3 : -1...1)
  }

  private mutating func array(count: Int, in range: ClosedRange<Float>) -> [Float] {
    (0..<count).map { _ in
      switch values {
      case .floats: Float.random(in: range, using: &generator)
      case .integers: Float(Int.random(in: Int(range.lowerBound)...Int(range.upperBound), using: &generator))
      }
    }
  }
}

/// The contents of a tensor of which only the dimensions matter: a graph of 100 million parameters without their memory.
package struct DimensionsOnly: TensorContents {
  package init() {}

  package static func tensor(_ node: String, _ role: ParameterRole, _ dimensions: [Int]) -> Tensor {
    Tensor(name: "\(node)/\(role)", dimensions: dimensions, elementType: .float32, contents: DimensionsOnly())
  }

  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    throw GraphError(node: nil, reason: "only the dimensions of this tensor exist")
  }
}
