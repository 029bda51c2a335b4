import Architectures
import ModelGraph

extension KnownWeights {
  /// The network that the weights are of, with them, and how it takes pixels.
  func model(_ options: ImportOptions) throws(ImportError) -> ForeignModel {
    let fitted = try fitted(options)
    let network = fitted.network
    var foreign = ForeignModel(graph: try fitted.graph(), architecture: network.name)
    foreign.preprocessing = try preprocessing(of: fitted)
    if options.architecture == nil {
      foreign.notes.append("weights without a network; of those known by name they fit \(network.name) alone")
    }
    switch network.top {
    case .classifier: break
    case .none: foreign.notes.append("there is no classifier; the output is the map of features")
    case .pooling(let kind):
      let isTold = options.pooling != nil || saysPooling
      let text = "there is no classifier; the output is the \(kind.rawValue) of each feature"
      if isTold {
        foreign.notes.append(text)
      } else {
        foreign.assumptions.append(text + ", which is assumed (--pooling changes it)")
      }
    }
    // The weights of a dense layer behind a flattened map are as many as pictures of one size need.
    let isFlattened = foreign.graph.nodes.contains { $0.operation == .flatten }
    if options.inputSize == nil, !isFlattened, case .map(let height, let width, _) = foreign.graph.inputShape {
      foreign.assumptions.append(
        "the file does not say how large its pictures are; \(Extent(height: height, width: width)), as usual for "
          + "\(network.name), is assumed (--input-size changes it)")
    }
    let saysRescaling = (count(ofPlain: "rescaling") ?? 0) > 1
    if network.pixelScaling == .normalized, !saysRescaling, try fitted.hasImageNetNormalization() {
      foreign.notes.append(
        "the file does not say whether the network was built with weights=\"imagenet\", which divides once more by the"
          + " root of ImageNet's deviation; as its variances are ImageNet's deviations, that is assumed")
    }
    return foreign
  }

  private func preprocessing(of fitted: FittedNetwork) throws(ImportError) -> KnownPreprocessing {
    switch fitted.network.pixelScaling {
    case .outside(let function):
      return .recognized(.usual(function), network: fitted.network.name)
    case .inside(let factors, let offsets): return .scaled(InputScaling(factors: factors, offsets: offsets))
    case .normalized:
      let isTold = (count(ofPlain: "rescaling") ?? 0) > 1
      let isImageNet = isTold ? true : try fitted.hasImageNetNormalization()
      return .scaled(try fitted.normalization(isImageNet: isImageNet))
    }
  }
}

extension FittedNetwork {
  func graph() throws(ImportError) -> Graph {
    var places: [String: (layer: String, array: NamedArray)] = [:]
    for (layer, values) in zip(layers, arrays) {
      for (array, weight) in zip(values, layer.weights) {
        places["\(weight.node)/\(weight.role)"] = (layer.name, array)
      }
    }
    do {
      return try network.graph { node, role, dimensions throws(ImportError) in
        let name = "\(node)/\(role)"
        guard let (layer, array) = places[name] else { throw .weights(layer: node, reason: "missing: no \(role)") }
        if role == .variance { try checkVariance(array, of: layer) }
        if let (index, value) = try array.firstNonFinite() {
          throw .weights(layer: layer, reason: "value \(index) of \"\(array.name)\" is \(value)")
        }
        return try array.reshaped(to: dimensions).tensor(named: name, dimensions: dimensions)
      }
    } catch let error as ImportError {
      throw error
    } catch {
      throw .model(reason: "\(error)")
    }
  }

  /// Whether it has ImageNet's deviations in place of variances, as Keras's own EfficientNets do.
  func hasImageNetNormalization() throws(ImportError) -> Bool {
    guard layers.first?.kind == .inputNormalization else { return false }
    let variances = try arrays[0][1].doubles()
    return variances.count == 3 && zip(variances, ImageNet.standardDeviation).allSatisfy { abs($0 - $1) < 1e-4 }
  }

  /// `(x / 255 - mean) / sqrt(variance)`; with ImageNet's weights, Keras divides by the root of the deviation once more.
  func normalization(isImageNet: Bool) throws(ImportError) -> InputScaling {
    let (mean, variance) = (try arrays[0][0].doubles(), try arrays[0][1].doubles())
    try checkVariance(arrays[0][1], of: layers[0].name)
    var factors = variance.map { 1 / max($0.squareRoot(), 1e-7) }
    if isImageNet, factors.count == 3 {
      for channel in 0..<3 { factors[channel] /= ImageNet.standardDeviation[channel].squareRoot() }
    }
    return InputScaling(
      factors: factors.map { $0 / 255 }, offsets: zip(mean, factors).map { -$0 * $1 })
  }
}
