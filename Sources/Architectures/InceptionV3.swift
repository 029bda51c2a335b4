import ModelGraph

/// Szegedy et al. 2015, "Rethinking the Inception Architecture for Computer Vision", as Keras's `InceptionV3`: no biases,
/// normalizations without gamma, ReLU after each.
package struct InceptionV3: Architecture, Hashable {
  package let name = "InceptionV3"
  package var input = Shape.map(height: 299, width: 299, channels: 3)
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1

  package init() {}

  package func append(to network: inout NetworkBuilder) throws { try network.appendInception() }
}

extension NetworkBuilder {
  /// A convolution of a branch: its channels and its window's height and width.
  private typealias Step = (channels: Int, height: Int, width: Int)

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

  /// Parallel branches and a pooled one, joined.
  private mutating func appendMixed(_ name: String, _ branches: [[Step]], pooled: Int) throws {
    let start = last
    var ends = try appendBranches(name, branches)
    ends.append(try appendPooled(name, pooled, from: start))
    try append(name, .concatenate, ends)
  }

  /// Parallel branches whose last convolution has stride 2, and a max pool, joined.
  private mutating func appendReduction(_ name: String, _ branches: [[Step]]) throws {
    let start = last
    var ends = try appendBranches(name, branches, lastStride: 2)
    try append("\(name)_pool", .maxPool(Window(size: Extent(3), stride: Extent(2), padding: .valid)), [start])
    ends.append(last)
    try append(name, .concatenate, ends)
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

  private mutating func appendBranches(_ name: String, _ branches: [[Step]], lastStride: Int = 1) throws -> [Int] {
    let start = last
    var ends: [Int] = []
    for (branch, steps) in branches.enumerated() {
      last = start
      for (index, step) in steps.enumerated() {
        let isReduction = lastStride > 1 && index == steps.count - 1
        try appendUnit(
          "\(name)_branch\(branch)_\(index)", step, stride: isReduction ? lastStride : 1,
          padding: isReduction ? .valid : .same)
      }
      ends.append(last)
    }
    return ends
  }

  /// An average over 3x3, padding excluded, and a 1x1 convolution.
  private mutating func appendPooled(_ name: String, _ channels: Int, from start: Int) throws -> Int {
    last = start
    try append("\(name)_average", .averagePool(AveragePool(window: Window(size: Extent(3)))))
    try appendUnit("\(name)_pooled", (channels, 1, 1))
    return last
  }

  private mutating func appendUnit(
    _ name: String, _ step: Step, stride: Int = 1, padding: Padding = .same
  ) throws {
    let window = Window(
      size: Extent(height: step.height, width: step.width), stride: Extent(stride), padding: padding)
    try appendConvolution("\(name)_conv", step.channels, window, isNumbered: true)
    try append("\(name)_bn", .batchNormalization(BatchNormalization(hasGamma: false)), isNumbered: true)
    try append("\(name)_act", .activation(.relu))
  }
}
