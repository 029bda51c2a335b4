import ModelGraph

/// Huang et al. 2016, "Densely Connected Convolutional Networks", as Keras's `DenseNet121`, `DenseNet169` and `DenseNet201`.
package struct DenseNet: Architecture, Hashable {
  /// The layers of each of four blocks; each adds 32 channels.
  package var layers: [Int]
  package var input = Shape.map(height: 224, width: 224, channels: 3)
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1
  package var pixelScaling: PixelScaling { .outside(.torch) }

  package static let denseNet121 = DenseNet(layers: [6, 12, 24, 16])
  package static let denseNet169 = DenseNet(layers: [6, 12, 32, 32])
  package static let denseNet201 = DenseNet(layers: [6, 12, 48, 32])

  package init(layers: [Int]) { self.layers = layers }

  /// The number counts the layers with weights: two in each of a block, one between blocks, the first and the classifier.
  package var name: String { "DenseNet\(2 * layers.reduce(0, +) + layers.count + 1)" }

  package func append(to network: inout NetworkBuilder) throws {
    let border = { (width: Int) in Padding.explicit(top: width, left: width, bottom: width, right: width) }
    let growth = 32
    var channels = 64
    try network.appendConvolution("conv1_conv", 64, Window(size: Extent(7), stride: Extent(2), padding: border(3)))
    try network.appendRectified("conv1")
    try network.append("pool1", .maxPool(Window(size: Extent(3), stride: Extent(2), padding: border(1))))
    for (block, count) in layers.enumerated() {
      for index in 0..<count { try network.appendLayer("conv\(block + 2)_block\(index + 1)", growth) }
      channels += growth * count
      guard block < layers.count - 1 else { break }
      channels /= 2
      try network.appendTransition("pool\(block + 2)", channels)
    }
    try network.appendNormalization("bn", epsilon: 1.001e-5)
    try network.append("relu", .activation(.relu))
  }
}

extension NetworkBuilder {
  /// What it reads, and beside it what it adds.
  fileprivate mutating func appendLayer(_ name: String, _ growth: Int) throws {
    let start = last
    try appendRectified("\(name)_0")
    try appendConvolution("\(name)_1_conv", 4 * growth)
    try appendRectified("\(name)_1")
    try appendConvolution("\(name)_2_conv", growth, Window(size: Extent(3)))
    try append("\(name)_concat", .concatenate, [start, last])
  }

  fileprivate mutating func appendTransition(_ name: String, _ channels: Int) throws {
    try appendRectified(name)
    try appendConvolution("\(name)_conv", channels)
    let halving = Window(size: Extent(2), stride: Extent(2), padding: .valid)
    try append("\(name)_pool", .averagePool(AveragePool(window: halving)))
  }
}
