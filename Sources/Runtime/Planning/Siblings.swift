/// Products of the same rows: convolutions of 1 x 1 that read one map, as the branches of an Inception block do. They become one
/// stage, whose members make a block of rows once for all of them.
extension Lowering {
  /// Moves products that can share their rows behind the first of them. What reads a map may read it earlier, once it is there,
  /// where it writes a value of its own.
  mutating func gatherSiblings() {
    var readers: [Int: [Int]] = [:]
    for index in steps.indices where canShare(index) { readers[steps[index].reads[0].map, default: []].append(index) }
    var order: [Int] = []
    var isPlaced = [Bool](repeating: false, count: steps.count)
    for index in steps.indices where !isPlaced[index] {
      var siblings = [index]
      if canShare(index) {
        siblings += readers[steps[index].reads[0].map]!.filter {
          $0 > index && !isPlaced[$0] && sharesRows($0, with: index)
        }
      }
      for sibling in siblings { isPlaced[sibling] = true }
      order += siblings
      if siblings.count > 1 { widenBlocks(siblings) }
    }
    reorder(order)
  }

  /// The steps from one on that are products of the same rows.
  func siblings(from first: Int) -> Range<Int> {
    var end = first + 1
    while end < steps.count, sharesRows(end, with: first) { end += 1 }
    return first..<end
  }

  private func canShare(_ index: Int) -> Bool {
    guard case .product(let product) = steps[index], case .gather(let window, _) = product.producer
    else { return false }
    return window.taps == 1 && product.shape.arithmetic == .int8 && product.residual == nil && product.scale == nil
      && values[product.output].root == product.output
      && [product.input, product.output].allSatisfy { byteCount(of: $0) < options.turnMapBytes }
  }

  private func sharesRows(_ index: Int, with first: Int) -> Bool {
    guard canShare(first), canShare(index), case .product(let one) = steps[first],
      case .product(let other) = steps[index], case .gather(let window, let channels) = one.producer,
      case .gather(let otherWindow, let otherChannels) = other.producer
    else { return false }
    return one.input == other.input && one.inputActivation == other.inputActivation && one.shape == other.shape
      && window == otherWindow && channels == otherChannels
  }

  private func byteCount(of value: Int) -> Int {
    values[value].shape.elementCount * (values[value].element == .float32 ? 4 : 2)
  }

  /// Rows that several products read are better kept than made again.
  private mutating func widenBlocks(_ siblings: [Int]) {
    for index in siblings {
      guard case .product(var product) = steps[index] else { continue }
      product.blockTiles = blockTiles(product.shape, panels: .max)
      steps[index] = .product(product)
    }
  }
}
