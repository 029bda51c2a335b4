import ModelGraph

/// What the Inception networks are made of: convolutions without biases, normalizations without gamma, a ReLU after each.
extension NetworkBuilder {
  /// A convolution of a branch: its channels and its window's height and width.
  typealias Step = (channels: Int, height: Int, width: Int)

  /// Parallel branches and a pooled one, joined.
  mutating func appendMixed(_ name: String, _ branches: [[Step]], pooled: Int) throws {
    let start = last
    var ends = try appendBranches(name, branches)
    ends.append(try appendPooled(name, pooled, from: start))
    try append(name, .concatenate, ends)
  }

  /// Parallel branches whose last convolution has stride 2, and a max pool, joined.
  mutating func appendReduction(_ name: String, _ branches: [[Step]]) throws {
    let start = last
    var ends = try appendBranches(name, branches, lastStride: 2)
    try append("\(name)_pool", .maxPool(Window(size: Extent(3), stride: Extent(2), padding: .valid)), [start])
    ends.append(last)
    try append(name, .concatenate, ends)
  }

  mutating func appendBranches(_ name: String, _ branches: [[Step]], lastStride: Int = 1) throws -> [Int] {
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
  mutating func appendPooled(_ name: String, _ channels: Int, from start: Int) throws -> Int {
    last = start
    try append("\(name)_average", .averagePool(AveragePool(window: Window(size: Extent(3)))))
    try appendUnit("\(name)_pooled", (channels, 1, 1))
    return last
  }

  mutating func appendUnit(
    _ name: String, _ step: Step, stride: Int = 1, padding: Padding = .same
  ) throws {
    let window = Window(
      size: Extent(height: step.height, width: step.width), stride: Extent(stride), padding: padding)
    try appendConvolution("\(name)_conv", step.channels, window, isNumbered: true)
    try append("\(name)_bn", .batchNormalization(BatchNormalization(hasGamma: false)), isNumbered: true)
    try append("\(name)_act", .activation(.relu))
  }
}
