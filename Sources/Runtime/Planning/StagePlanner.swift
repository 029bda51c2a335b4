import ModelGraph

/// Groups steps into stages.
///
/// This is for large maps: at 147 x 147 a layer's input and output exceed the second-level cache, and a step spends up
/// to a fifth of its time waiting for them. In turns of a few rows, what one step makes is read from that cache.
struct StagePlanner {
  private(set) var stages: [Stage] = []
  /// For each step, the rows of its output that are needed for rows of its stage's output.
  private(set) var demands: [RowDemand]

  private let lowering: Lowering
  private let lastRead: [Int?]
  private let options: PlanOptions

  init(_ lowering: Lowering) {
    self.lowering = lowering
    options = lowering.options
    demands = [RowDemand](repeating: .same, count: lowering.steps.count)
    var lastRead = [Int?](repeating: nil, count: lowering.values.count)
    for (index, step) in lowering.steps.enumerated() {
      for (map, _) in step.reads { lastRead[lowering.values[map].root] = index }
    }
    self.lastRead = lastRead
    var index = 0
    while index < lowering.steps.count {
      let band = band(from: index)
      let steps = band.map { index..<$0.end } ?? lowering.siblings(from: index)
      if let band { demands.replaceSubrange(steps, with: band.demands) }
      let last = lowering.steps[steps.upperBound - 1]
      stages.append(
        Stage(
          steps: steps, turnRows: band == nil ? 0 : options.turnRows,
          output: last.writes ?? last.reads[0].map))
      index = steps.upperBound
    }
  }

  /// The longest run of steps from `first` on that can take turns, up to where the map shrinks and is complete.
  private func band(from first: Int) -> (end: Int, demands: [RowDemand])? {
    var best: (end: Int, demands: [RowDemand])?
    var end = first
    while end < lowering.steps.count, takesTurns(lowering.steps[end]) {
      end += 1
      let steps = first..<end
      guard steps.count > 1, isClosed(steps), let demands = demands(of: steps) else { continue }
      best = (end, demands)
      let output = lowering.steps[end - 1].writes!
      if height(of: output) < height(of: lowering.steps[first].writes!), !isAddedTo(output, by: end) { break }
    }
    return best
  }

  /// Whether a step continues a value in place.
  private func isAddedTo(_ value: Int, by step: Int) -> Bool {
    lowering.steps[step].writes.map { lowering.values[$0].root == lowering.values[value].root } ?? false
  }

  /// Whether a step works row by row on large maps, with weights that can be read again in each turn.
  private func takesTurns(_ step: Step) -> Bool {
    guard let output = step.writes, step.reads.allSatisfy({ $0.rows != nil }) else { return false }
    switch step {
    case .product(let product):
      guard product.shape.panelWords * product.panels.count * 4 <= options.turnWeightBytes else { return false }
    case .depthwise, .pool, .activate, .add, .normalize: break
    default: return false
    }
    return ([output] + step.reads.map(\.map)).contains {
      let value = lowering.values[$0]
      return value.shape.elementCount * (value.element == .float32 ? 4 : 2) >= options.turnMapBytes
    }
  }

  /// Whether nothing but the last step's output is read after the steps.
  private func isClosed(_ steps: Range<Int>) -> Bool {
    let output = lowering.values[lowering.steps[steps.upperBound - 1].writes!].root
    return steps.allSatisfy { step in
      let root = lowering.values[lowering.steps[step].writes!].root
      return root == output || lastRead[root] ?? 0 < steps.upperBound
    }
  }

  /// The rows that each step must make for rows of the last one, or nil where turns would give another result.
  private func demands(of steps: Range<Int>) -> [RowDemand]? {
    let output = lowering.steps[steps.upperBound - 1].writes!
    var wanted = [Int: RowDemand]()
    wanted[output] = .same
    var demands: [RowDemand] = []
    for step in steps.reversed() {
      let writes = lowering.steps[step].writes!
      guard let demand = wanted[writes] else { return nil }
      // Rows between two members are made twice, so they must not be in memory that members share.
      if demand != .same, isShared(writes, in: steps, output: output) { return nil }
      demands.append(demand)
      for case (let map, let rows?) in lowering.steps[step].reads {
        // A row may be overwritten in an earlier turn, or by another member, but is needed as it was. A step that
        // itself works in place takes each row once.
        let through = rows.through(demand)
        let others = isShared(map, in: steps, output: output) ? nil : step
        if through != .same, isOverwritten(map, by: steps, otherThan: others) { return nil }
        guard let union = wanted[map].map({ $0.union(through) }) ?? through else { return nil }
        wanted[map] = union
      }
    }
    return demands.reversed()
  }

  /// Whether a value that steps write lies in the arena: it is their output, or takes over the memory of an older value.
  private func isShared(_ value: Int, in steps: Range<Int>, output: Int) -> Bool {
    let root = lowering.values[value].root
    return root == lowering.values[output].root || !steps.contains { lowering.steps[$0].writes == root }
  }

  private func isOverwritten(_ map: Int, by steps: Range<Int>, otherThan reader: Int?) -> Bool {
    steps.contains { step in
      let writes = lowering.steps[step].writes!
      return step != reader && writes > map && lowering.values[writes].root == lowering.values[map].root
    }
  }

  private func height(of value: Int) -> Int {
    guard case .map(let height, _, _) = lowering.values[value].shape else { return 1 }
    return height
  }
}
