import Architectures
import ModelGraph

/// A network with random weights: a benchmark without a model file, since the time that a network takes does not depend on
/// its weights.
enum RandomModel {
  /// What stands on the command line instead of a file; a colon and the name of another network than Xception may follow.
  static let name = "random"

  /// The network that a command line asks for, or nil where it names a file.
  static func graph(of model: String) throws -> Graph? {
    if model == name { return try graph(of: XceptionNetwork()) }
    guard model.hasPrefix(name + ":") else { return nil }
    return try graph(of: ArchitectureCatalog.named(String(model.dropFirst(name.count + 1))))
  }

  private static func graph(of network: any Architecture) throws -> Graph {
    var seed: UInt64 = 0
    return try network.graph { node, role, dimensions in
      seed += 1
      let count = dimensions.reduce(1, *)
      let values: [Float]
      switch role {
      case .gamma, .variance: values = [Float](repeating: 1, count: count)
      case .beta, .mean, .bias: values = [Float](repeating: 0, count: count)
      default:
        // The variance 2 / (inputs of a sum) keeps the values of a deep network with ReLUs within range (He et al. 2015).
        let bound = (6 / Float(count / dimensions[dimensions.count - 1])).squareRoot()
        values = Metadata.Golden.input(seed: seed, count: count).map { $0 * bound }
      }
      return Tensor(name: "\(node)/\(role)", dimensions: dimensions, values: values)
    }
  }
}
