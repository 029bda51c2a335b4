import ModelGraph
import Runtime
import TestSupport

@testable import Reference

/// How far sums in `Float` can be from the exact ones.
///
/// A sum of n products, each rounded or fused, in any order, is within `n * 2^-24 * M` of the exact one, where M is the sum
/// of the products' absolute values (Higham 2002, section 3.1). M is what the same graph computes with absolute inputs and
/// weights and without activations, all of which here change a value by no more than their argument changes. The terms of
/// nodes in a row add up. Functions with an exponential have a value of at most 1 and add an error of 8 units of it.
enum ErrorBound {
  static func values(of graph: Graph, for input: [Float]) throws -> [Float] {
    let magnitudes = try ReferenceExecutor(absolute(graph)).run(input.map(abs))
    let terms = graph.nodes.indices.reduce(0) { $0 + self.terms(of: $1, in: graph) }
    return magnitudes.map { (Float(terms) * abs($0) + 8) * 0x1p-24 }
  }

  /// The roundings on the way to one value of a node.
  private static func terms(of index: Int, in graph: Graph) -> Int {
    let node = graph.nodes[index]
    let channels = node.inputs.first.map { graph.nodes[$0].shape.channels } ?? 0
    func taps(_ window: Window) -> Int { window.size.height * window.size.width }
    switch node.operation {
    case .input, .flatten, .concatenate, .maxPool, .constant, .reshape, .pad, .slice, .shuffleChannels: return 0
    case .convolution(let convolution): return taps(convolution.window) * channels / convolution.groups + 2
    case .separableConvolution(let separable): return taps(separable.window) + 1 + channels + 2
    case .dense: return channels + 1
    case .averagePool(let pool): return taps(pool.window) + 1
    case .globalPool: return graph.nodes[node.inputs[0]].shape.elementCount / channels + 1
    case .add: return node.inputs.count
    case .batchNormalization: return 6
    case .activation, .softmax, .binary, .parametricRelu: return 2
    case .transposedConvolution(let convolution):
      return convolution.size.height * convolution.size.width * channels + 2
    // Made row by row: no more than a mean over the channels, and what is done with it.
    default: return channels + 4
    }
  }

  private static func absolute(_ graph: Graph) throws -> Graph {
    var absolute = graph
    for index in graph.nodes.indices {
      absolute.nodes[index].operation = linear(graph.nodes[index].operation)
      for parameter in graph.nodes[index].parameters {
        let tensor = graph.tensors[parameter]
        let sign: Float = tensor.name.hasSuffix("/mean") ? -1 : 1
        absolute.tensors[parameter] = Tensor(
          name: tensor.name, dimensions: tensor.dimensions, values: try tensor.values().map { sign * abs($0) })
      }
    }
    return absolute
  }

  private static func linear(_ operation: Operation) -> Operation {
    switch operation {
    case .convolution(var convolution):
      convolution.inputActivation = .identity
      convolution.epilogue.activation = .identity
      return .convolution(convolution)
    case .separableConvolution(var separable):
      separable.inputActivation = .identity
      separable.middleActivation = .identity
      separable.epilogue.activation = .identity
      return .separableConvolution(separable)
    case .dense(var dense):
      dense.activation = .identity
      return .dense(dense)
    case .activation, .softmax: return .activation(.identity)
    default: return operation
    }
  }
}
