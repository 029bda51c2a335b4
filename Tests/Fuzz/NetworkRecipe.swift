import ModelGraph
import TestSupport

@testable import ModelImport

/// A network of a fuzzer's bytes: whatever they are, they make one that is valid, so that nearly all of them run.
///
/// Eight bytes are the input's shape and the weights; each eight after them are a step: its operation, the two values that it
/// reads, and five numbers. A step that does not fit what it reads is left out.
struct NetworkRecipe {
  static let stepLength = 8
  /// Values of a map or a tensor, and products of the whole network: a few milliseconds in plain loops.
  private static let (mostValues, mostProducts) = (1 << 12, 1 << 17)

  private struct Step {
    var operation: Int
    var first: Int
    var second: Int
    var numbers: [Int]

    init(_ bytes: ArraySlice<UInt8>) {
      let bytes = Array(bytes)
      operation = Int(bytes[0])
      (first, second) = (Int(bytes[1]), Int(bytes[2]))
      numbers = bytes[3...].map { Int($0) }
    }

    func flag(_ index: Int) -> Bool { numbers[4] >> index & 1 == 1 }
  }

  private var builder = GraphBuilder()
  private var weights: RandomWeights
  private let style: UInt8

  /// Nil where no step fits.
  static func graph(of bytes: [UInt8]) -> Graph? {
    guard bytes.count >= 2 * stepLength else { return nil }
    var recipe = NetworkRecipe(bytes)
    for start in stride(from: stepLength, through: min(bytes.count, 24 * stepLength) - stepLength, by: stepLength) {
      recipe.append(Step(bytes[start..<start + stepLength]))
    }
    let last = recipe.builder.graph.nodes.count - 1
    let graph = recipe.builder.graph.keepingOnly(last)
    return last > 0 && graph.nodes.count > 1 && (try? graph.validate()) != nil ? graph : nil
  }

  private init(_ bytes: [UInt8]) {
    let seed = UInt64(bytes[3]) << 8 | UInt64(bytes[4])
    weights = RandomWeights(seed: seed, values: bytes[5] & 1 == 1 ? .integers : .floats)
    style = bytes[5] >> 1
    let shape = Shape.map(
      height: 1 + Int(bytes[0] % 20), width: 1 + Int(bytes[1] % 20),
      channels: bytes[2] < 192 ? 3 : 1 + Int(bytes[2] % 8))
    _ = try? builder.append("input", .input(shape))
  }

  private mutating func append(_ step: Step) {
    let count = builder.graph.nodes.count
    // The latest values are the likeliest, so that chains are long.
    let inputs = [count - 1 - step.first % min(count, 6), count - 1 - step.second % min(count, 6)]
    guard let (operation, reads) = operation(of: step, inputs) else { return }
    let node = Node(name: "n\(count)", operation: operation, inputs: reads, shape: .vector(1))
    guard let shape = try? builder.graph.inferredShape(of: node), shape.elementCount <= Self.mostValues,
      let parameters = try? builder.graph.requiredParameters(of: node),
      parameters.allSatisfy({ Limits.elementCount(of: $0.dimensions).map { $0 <= Self.mostValues } ?? false })
    else { return }
    var sized = node
    sized.shape = shape
    guard builder.graph.multiplyAdds + builder.graph.multiplyAdds(of: sized) <= Self.mostProducts else { return }
    var weights = weights
    let style = style
    _ = try? builder.append(node.name, operation, reads) { role, dimensions in
      Self.styled(weights.tensor(node.name, role, dimensions), role, style)
    }
    self.weights = weights
  }

  /// What a step computes and reads; nil where it cannot be said of the shapes.
  private func operation(of step: Step, _ inputs: [Int]) -> (Operation, [Int])? {
    let n = step.numbers
    let (first, both) = ([inputs[0]], inputs)
    let shape = builder.shape(of: inputs[0])
    let channels = shape.channels
    switch step.operation % 26 {
    case 0, 1, 2:
      let outputs = 1 + n[0] % 40
      let groups = [1, 1, channels, 2, 4][n[1] % 5]
      return (
        .convolution(
          Convolution(
            window: Self.window(step), outputChannels: groups == channels ? channels : outputs / groups * groups,
            groups: groups, hasBias: step.flag(0))), first
      )
    case 3:
      return (
        .separableConvolution(
          SeparableConvolution(
            window: Self.window(step), outputChannels: 1 + n[0] % 40, hasDepthwiseBias: step.flag(0),
            hasBias: step.flag(1), inputActivation: Self.activation(n[1]), middleActivation: Self.activation(n[2]))),
        first
      )
    case 4:
      return (
        .batchNormalization(
          BatchNormalization(epsilon: 1e-3, hasGamma: step.flag(0), hasBeta: step.flag(1))), first
      )
    case 5: return (.dense(Dense(outputs: 1 + n[0] % 40, hasBias: step.flag(0))), first)
    case 6, 7: return (.activation(Self.activation(n[0])), first)
    case 8: return (.softmax, first)
    case 9: return (.add, step.flag(0) ? both + first : both)
    case 10: return (.concatenate, step.flag(0) ? both + first : both)
    case 11: return (.maxPool(Self.window(step)), first)
    case 12: return (.averagePool(AveragePool(window: Self.window(step), countsPadding: step.flag(0))), first)
    case 13:
      return (.globalPool(GlobalPool(step.flag(0) ? .average : .maximum, keepsDimensions: step.flag(1))), first)
    case 14: return (.flatten, first)
    case 15: return (.constant(step.flag(0) ? shape : .vector(channels)), [])
    case 16, 17: return (.binary(Binary.allCases[n[0] % Binary.allCases.count]), both)
    default: return move(step, first, shape)
    }
  }

  /// The operations that move values, and the rare ones.
  private func move(_ step: Step, _ first: [Int], _ shape: Shape) -> (Operation, [Int])? {
    let n = step.numbers
    if step.operation % 26 == 18 {
      return (
        .layerNormalization(LayerNormalization(epsilon: 1e-3, hasGamma: step.flag(0), hasBeta: step.flag(1))), first
      )
    }
    if step.operation % 26 == 19 { return ([.unitNormalization, .logSoftmax, .sparsemax][n[0] % 3], first) }
    guard case .map(let height, let width, let channels) = shape else { return nil }
    func axis(_ number: Int, _ extent: Int) -> Slice.Axis {
      let start = number % extent
      return Slice.Axis(first: start, count: 1 + (number >> 4) % (extent - start))
    }
    switch step.operation % 26 {
    case 20:
      return (
        .pad(Pad(top: n[0] % 4, left: n[1] % 4, bottom: n[2] % 4, right: n[3] % 4, value: step.flag(0) ? 0 : -1.5)),
        first
      )
    case 21:
      return (
        .slice(Slice(rows: axis(n[0], height), columns: axis(n[1], width), channels: axis(n[2], channels))), first
      )
    case 22: return (.shuffleChannels(groups: 1 + n[0] % channels), first)
    case 23:
      let size = Extent(height: 1 + n[0] % 9, width: 1 + n[1] % 9)
      return (
        .resize(Resize(step.flag(0) ? .size(size) : .factor(size), filter: step.flag(1) ? .nearest : .bilinear)), first
      )
    case 24:
      return (
        .transposedConvolution(
          TransposedConvolution(
            size: Extent(height: 1 + n[0] % 4, width: 1 + n[0] / 16 % 4),
            stride: Extent(height: 1 + n[1] % 3, width: 1 + n[1] / 16 % 3), dilation: Extent(1 + n[2] % 2),
            padding: .init(top: n[2] / 2 % 3, left: n[2] / 8 % 3, bottom: n[2] / 32 % 3, right: 0),
            extra: Extent(height: n[3] % 2, width: 0), outputChannels: 1 + n[3] / 2 % 12, hasBias: step.flag(0))), first
      )
    default:
      if step.flag(0) { return (.parametricRelu, first) }
      return (
        .reshape(step.flag(1) ? .vector(shape.elementCount) : .map(height: width, width: height, channels: channels)),
        first
      )
    }
  }

  private static func window(_ step: Step) -> Window {
    let (size, stride, more) = (step.numbers[2], step.numbers[3], step.numbers[4] >> 2)
    let extent = Extent(height: 1 + size % 5, width: 1 + size / 16 % 5)
    let padding: Padding =
      switch more % 4 {
      case 0, 1: .same
      case 2: .valid
      default:
        .explicit(
          top: stride % 3 % extent.height, left: stride / 4 % 3 % extent.width, bottom: stride / 8 % extent.height,
          right: stride / 16 % extent.width)
      }
    return Window(
      size: extent, stride: Extent(height: 1 + stride % 16 % 3, width: 1 + stride / 16 % 3),
      dilation: Extent(more / 4 % 4 == 3 ? 2 : 1), padding: padding)
  }

  private static func activation(_ number: Int) -> Activation {
    Activation.examples[number % Activation.examples.count]
  }

  /// A tensor as it may be stored, or of values that networks seldom have.
  private static func styled(_ tensor: Tensor, _ role: ParameterRole, _ style: UInt8) -> Tensor {
    guard role == .kernel || role == .pointwiseKernel, let values = try? tensor.values() else { return tensor }
    switch style % 8 {
    case 1: return stored(tensor, as: .bfloat16) { UInt16(truncatingIfNeeded: values[$0].bitPattern >> 16) }
    case 2: return stored(tensor, as: .float16) { UInt16(truncatingIfNeeded: 0x3000 + Int(values[$0] * 512) & 0x7ff) }
    case 3:
      var scaled = stored(tensor, as: .int8) { UInt8(bitPattern: Int8(max(-127, min(127, values[$0] * 80)))) }
      scaled.scale = (0..<tensor.dimensions[tensor.dimensions.count - 1]).map { 0.002 * Float(1 + $0 % 5) }
      return scaled
    case 4: return Tensor(name: tensor.name, dimensions: tensor.dimensions, values: values.map { $0 * 1e9 })
    case 5: return Tensor(name: tensor.name, dimensions: tensor.dimensions, values: values.map { $0 * 1e-9 })
    case 6: return Tensor(name: tensor.name, dimensions: tensor.dimensions, values: values.map { $0 < 0 ? 0 : $0 })
    default: return tensor
    }
  }

  private static func stored<Pattern: FixedWidthInteger>(
    _ tensor: Tensor, as type: ElementType, _ pattern: (Int) -> Pattern
  ) -> Tensor {
    let bytes = (0..<tensor.elementCount).flatMap { index in
      (0..<type.byteCount).map { UInt8(truncatingIfNeeded: pattern(index) >> Pattern(8 * $0)) }
    }
    return Tensor(
      name: tensor.name, dimensions: tensor.dimensions, elementType: type, contents: ByteContents(bytes: bytes))
  }
}
