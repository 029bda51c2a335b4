internal import ModelGraph

/// One layer of a classifier's network, whose values it tells for images: see ``Classifier/layer(named:)``.
public struct Layer: Sendable {
  /// As the model file calls it.
  public let name: String
  /// Height, width and channels of a map, or the count of a vector.
  public let shape: [Int]
  let classifier: Classifier
  let network: ReadyNetwork

  /// The layer's values for an image, in rows from the top, a position's channels beside each other.
  ///
  /// - Parameter image: An image file, its contents, or pixels.
  public func values(for image: ImageSource) throws(ClassifierError) -> [Float] {
    try classifier.values(of: self, for: image)
  }
}

extension Classifier {
  /// The names of the network's layers in the order in which they run, as the model file has them.
  public var layerNames: [String] { graph.nodes.map(\.name) }

  /// A layer whose values can be asked for: the network up to it, made ready to run in the classifier's precision.
  ///
  /// It takes the time and memory that loading so much of the network takes. Make it once for many images. The last layer's
  /// values are those that the file's network ends in, which may be logits.
  ///
  /// - Throws: `ClassifierError.unknownLayer` with the names of all layers.
  public func layer(named name: String) throws(ClassifierError) -> Layer {
    guard let index = graph.nodes.firstIndex(where: { $0.name == name }) else {
      throw .unknownLayer(name, known: layerNames)
    }
    let part: ReadyNetwork
    do throws(ReadyNetworkError) {
      var options = ReadyNetwork.Options(self.options)
      options.precision = precision
      part = try ReadyNetwork(graph.ending(at: index), options: options)
    } catch {
      throw ClassifierError(error, model: self.name)
    }
    return Layer(name: name, shape: graph.nodes[index].shape.dimensions, classifier: self, network: part)
  }
}
