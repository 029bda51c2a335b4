import Architectures
import ModelGraph

/// Xception for 299x299 images with random weights: a benchmark without a model file, since the time that a network takes
/// does not depend on its weights.
enum RandomModel {
  /// What stands on the command line instead of a file.
  static let name = "random"

  static func graph() throws -> Graph {
    var seed: UInt64 = 0
    return try XceptionNetwork().graph { node, role, dimensions in
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
