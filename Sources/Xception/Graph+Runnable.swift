internal import ModelGraph

extension Graph {
  /// Why the kernels cannot run this network, though the reference can; nil where they can.
  package var reasonNotToRun: String? {
    for node in nodes {
      if !node.operation.hasStep { return "node \"\(node.name)\": \(node.operation.name) cannot be run yet" }
      if let activation = node.operation.activations.first(where: { !$0.hasKernel }) {
        return "node \"\(node.name)\": the activation \(activation.name) cannot be run yet"
      }
    }
    return nil
  }
}

extension Operation {
  fileprivate var hasStep: Bool {
    switch self {
    case .input, .convolution, .separableConvolution, .batchNormalization, .dense, .activation, .softmax, .add,
      .concatenate, .maxPool, .averagePool, .flatten:
      true
    case .globalPool(let pool): pool.kind == .average
    default: false
    }
  }

  fileprivate var activations: [Activation] {
    switch self {
    case .activation(let activation): [activation]
    case .dense(let dense): [dense.activation]
    case .convolution(let convolution): [convolution.inputActivation, convolution.epilogue.activation]
    case .separableConvolution(let separable):
      [separable.inputActivation, separable.middleActivation, separable.epilogue.activation]
    default: []
    }
  }
}

extension Activation {
  fileprivate var hasKernel: Bool {
    switch self {
    case .identity, .relu, .relu6, .elu, .sigmoid: true
    default: false
    }
  }
}
