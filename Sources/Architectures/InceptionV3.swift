import ModelGraph

/// Szegedy et al. 2015, "Rethinking the Inception Architecture for Computer Vision", as Keras's `InceptionV3`: no biases,
/// normalizations without gamma, ReLU after each.
package struct InceptionV3: Architecture, Hashable {
  package let name = "InceptionV3"
  package var input = Shape.map(height: 299, width: 299, channels: 3)
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1
  package var pixelScaling: PixelScaling { .outside(.tensorFlow) }

  package init() {}

  package func append(to network: inout NetworkBuilder) throws { try network.appendInception() }
}

extension NetworkBuilder {
  fileprivate mutating func appendInception() throws {
    let pool = Window(size: Extent(3), stride: Extent(2), padding: .valid)
    try appendUnit("stem1", (32, 3, 3), stride: 2, padding: .valid)
    try appendUnit("stem2", (32, 3, 3), padding: .valid)
    try appendUnit("stem3", (64, 3, 3))
    try append("stem3_pool", .maxPool(pool))
    try appendUnit("stem4", (80, 1, 1), padding: .valid)
    try appendUnit("stem5", (192, 3, 3), padding: .valid)
    try append("stem5_pool", .maxPool(pool))
    for (index, pooled) in [32, 64, 64].enumerated() {
      try appendMixed(
        "mixed\(index)",
        [[(64, 1, 1)], [(48, 1, 1), (64, 5, 5)], [(64, 1, 1), (96, 3, 3), (96, 3, 3)]], pooled: pooled)
    }
    try appendReduction("mixed3", [[(384, 3, 3)], [(64, 1, 1), (96, 3, 3), (96, 3, 3)]])
    for (index, width) in [128, 160, 160, 192].enumerated() {
      try appendMixed(
        "mixed\(index + 4)",
        [
          [(192, 1, 1)], [(width, 1, 1), (width, 1, 7), (192, 7, 1)],
          [(width, 1, 1), (width, 7, 1), (width, 1, 7), (width, 7, 1), (192, 1, 7)],
        ], pooled: 192)
    }
    try appendReduction("mixed8", [[(192, 1, 1), (320, 3, 3)], [(192, 1, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3)]])
    for name in ["mixed9", "mixed10"] { try appendExpanded(name) }
  }

  /// The last two modules: branches that end in a 1x3 and a 3x1 convolution side by side.
  private mutating func appendExpanded(_ name: String) throws {
    let start = last
    var ends = try appendBranches(name, [[(320, 1, 1)]])
    for (branch, steps) in [[(384, 1, 1)], [(448, 1, 1), (384, 3, 3)]].enumerated() {
      last = start
      for (index, step) in steps.enumerated() { try appendUnit("\(name)_double\(branch)_\(index)", step) }
      let stem = last
      try appendUnit("\(name)_double\(branch)_wide", (384, 1, 3))
      let wide = last
      last = stem
      try appendUnit("\(name)_double\(branch)_high", (384, 3, 1))
      try append("\(name)_double\(branch)", .concatenate, [wide, last])
      ends.append(last)
    }
    ends.append(try appendPooled(name, 192, from: start))
    try append(name, .concatenate, ends)
  }
}
