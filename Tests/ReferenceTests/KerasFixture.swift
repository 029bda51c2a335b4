import Foundation
import ModelGraph

/// One case of `Fixtures/keras_operations.json`, which `make_keras_fixtures.py` writes.
struct KerasFixture: Decodable {
  struct Array: Decodable {
    let dimensions: [Int]
    let floats: [Float]

    enum CodingKeys: CodingKey { case dimensions, values }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      dimensions = try container.decode([Int].self, forKey: .dimensions)
      let bytes = [UInt8](try container.decode(Data.self, forKey: .values))
      floats = stride(from: 0, to: bytes.count, by: 4).map { start in
        Float(bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
      }
    }
  }

  struct WindowAttributes: Decodable {
    let size, stride, dilation: [Int]
    let padding: Padding

    struct Padding: Decodable {
      let value: ModelGraph.Padding

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let name = try? container.decode(String.self) {
          value = name == "same" ? .same : .valid
        } else {
          let sides = try container.decode([Int].self)
          value = .explicit(top: sides[0], left: sides[1], bottom: sides[2], right: sides[3])
        }
      }
    }

    var window: Window {
      Window(
        size: Extent(height: size[0], width: size[1]), stride: Extent(height: stride[0], width: stride[1]),
        dilation: Extent(height: dilation[0], width: dilation[1]), padding: padding.value)
    }
  }

  let operation: String
  let inputs, weights: [Array]
  let output: Array
  private let window: WindowAttributes?
  private let outputs, groups: Int?
  private let hasBias, hasDepthwiseBias, hasGamma, hasBeta, addsResidual, countsPadding: Bool?
  private let inputActivation, middleActivation, activation: String?
  private let epsilon: Float?
  private let parameters: [Float]?
  private let function: String?
  private let keepsDimensions: Bool?
  private let shape, border, first, count: [Int]?

  static func all() throws -> [KerasFixture] {
    let url = Bundle.module.url(forResource: "keras_operations", withExtension: "json", subdirectory: "Fixtures")
    guard let url else { throw CocoaError(.fileNoSuchFile) }
    return try JSONDecoder().decode([KerasFixture].self, from: Data(contentsOf: url))
  }

  /// The operation as the graph knows it, or nil where the case is a whole network.
  var graphOperation: ModelGraph.Operation? {
    let window = window?.window ?? Window(size: Extent(1))
    let epilogue = Epilogue(addsResidual: addsResidual ?? false, activation: activation(named: activation))
    return switch operation {
    case "convolution":
      .convolution(
        Convolution(
          window: window, outputChannels: outputs ?? 0, groups: groups ?? 1, hasBias: hasBias ?? false,
          inputActivation: activation(named: inputActivation), epilogue: epilogue))
    case "separable convolution":
      .separableConvolution(
        SeparableConvolution(
          window: window, outputChannels: outputs ?? 0, hasDepthwiseBias: hasDepthwiseBias ?? false,
          hasBias: hasBias ?? false, inputActivation: activation(named: inputActivation),
          middleActivation: activation(named: middleActivation), epilogue: epilogue))
    case "batch normalization":
      .batchNormalization(
        BatchNormalization(epsilon: epsilon ?? 0, hasGamma: hasGamma ?? false, hasBeta: hasBeta ?? false))
    case "dense":
      .dense(Dense(outputs: outputs ?? 0, hasBias: hasBias ?? false, activation: activation(named: activation)))
    case "max pool": .maxPool(window)
    case "average pool": .averagePool(AveragePool(window: window, countsPadding: countsPadding ?? false))
    case "activation": .activation(activation(named: activation))
    case "softmax": .softmax
    case "global average pool": .globalPool(GlobalPool(.average))
    case "flatten": .flatten
    case "add": .add
    case "concatenate": .concatenate
    default: otherOperation
    }
  }

  private var otherOperation: ModelGraph.Operation? {
    switch operation {
    case "binary": Binary(rawValue: function ?? "").map { .binary($0) }
    case "global pool":
      GlobalPool.Kind(rawValue: function ?? "").map {
        .globalPool(GlobalPool($0, keepsDimensions: keepsDimensions ?? false))
      }
    case "reshape": Shape(dimensions: shape ?? []).map { .reshape($0) }
    case "pad":
      border.map { .pad(Pad(top: $0[0], left: $0[1], bottom: $0[2], right: $0[3])) }
    case "slice":
      first.flatMap { first in
        count.map { count in
          let axes = zip(first, count).map { Slice.Axis(first: $0, count: $1) }
          return .slice(Slice(rows: axes[0], columns: axes[1], channels: axes[2]))
        }
      }
    case "resize":
      Resize.Filter(rawValue: function ?? "").flatMap { filter in
        shape.map { .resize(Resize(.size(Extent(height: $0[0], width: $0[1])), filter: filter)) }
      }
    case "layer normalization":
      .layerNormalization(
        LayerNormalization(epsilon: epsilon ?? 0, hasGamma: hasGamma ?? false, hasBeta: hasBeta ?? false))
    case "unit normalization": .unitNormalization
    case "parametric relu": .parametricRelu
    default: nil
    }
  }

  private func activation(named name: String?) -> Activation {
    if name == "elu" { return .elu(alpha: 0.75) }
    guard let found = Activation.examples.first(where: { $0.name == name }) else { return .identity }
    return parameters.map { found.replacingParameters($0) } ?? found
  }
}
