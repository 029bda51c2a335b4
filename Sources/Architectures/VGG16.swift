import ModelGraph

extension NetworkBuilder {
  /// Simonyan & Zisserman 2014: five blocks of 3x3 convolutions with biases, a 2x2 pool after each.
  mutating func appendVGG16(flattens: Bool) throws {
    for (block, (count, channels)) in [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)].enumerated() {
      for index in 1...count {
        let name = "block\(block + 1)_conv\(index)"
        try appendConvolution(name, channels, Window(size: Extent(3)), hasBias: true)
        try append("\(name)_act", .activation(.relu))
      }
      try append(
        "block\(block + 1)_pool", .maxPool(Window(size: Extent(2), stride: Extent(2), padding: .valid)))
    }
    if flattens { try append("flatten", .flatten) }
  }
}
