import Kernels
import ModelGraph

/// Where every value of a lowered graph is in memory, which steps run in turns, and what scratch memory a thread needs.
struct MemoryLayoutPlan {
  private(set) var steps: [PlannedStep]
  private(set) var stages: [Stage]
  private(set) var maps: [FeatureMap]
  private(set) var arenaWords = 0
  private(set) var memberMemory: MemberScratchSizes
  private static let largestMap = 1 << 38
  var longestRow: Int { maps.map(\.rowStride).max() ?? 0 }

  /// - Throws: `OutOfMemory` where a map with its border exceeds a terabyte.
  init(_ lowering: Lowering, kernels: any KernelSet.Type) throws(OutOfMemory) {
    let staging = StagePlanner(lowering)
    stages = staging.stages
    maps = Self.maps(of: lowering, kernels: kernels)
    // A dilated window can reach so far that a border is as long as the limits allow, and sums of such sizes would
    // overflow.
    for map in maps where map.wordCount > Self.largestMap {
      throw OutOfMemory(byteCount: map.wordCount * MemoryLayout<Float>.size)
    }
    steps = zip(lowering.steps, staging.demands).map { PlannedStep(step: $0, demand: $1, clearsBorder: false) }
    memberMemory = MemberScratchSizes(lowering.steps, maps: maps, kernels: kernels)
    placeBands(lowering, staging, kernels)
    placeInArena(lowering, panelWidth: kernels.panelWidth)
    findClearedBorders()
    for index in stages.indices { stages[index].size = StageSize(stages[index], steps, maps, kernels) }
  }

  /// A map for each value; values that share memory share its borders too.
  private static func maps(of lowering: Lowering, kernels: any KernelSet.Type) -> [FeatureMap] {
    var left = [Int](repeating: 0, count: lowering.values.count)
    var right = left
    var words = left
    var sums = left
    func pixelWords(_ value: Lowering.Value) -> Int {
      let width = kernels.panelWidth
      let padded = (value.shape.channels + width - 1) / width * width
      return value.isTight ? value.shape.channels : value.element == .float32 ? padded : padded / 2
    }
    func firstWord(_ value: Lowering.Value) -> Int { value.firstChannel / (value.element == .float32 ? 1 : 2) }
    for value in lowering.values {
      words[value.root] = max(words[value.root], firstWord(value) + pixelWords(value))
      left[value.root] = max(left[value.root], value.left)
      right[value.root] = max(right[value.root], value.right)
      let channels = pixelWords(value) * (value.element == .float32 ? 1 : 2)
      sums[value.root] = max(sums[value.root], value.hasRowSums ? channels : 0)
    }
    return lowering.values.map { value in
      switch value.shape {
      case .map(let height, let columns, let channels):
        return FeatureMap(
          height: height, width: columns, channels: channels, pixelWords: pixelWords(value),
          pixelStride: words[value.root], firstWord: firstWord(value), element: value.element, left: left[value.root],
          right: right[value.root], sumWords: sums[value.root], rows: height)
      case .vector(let count):
        return FeatureMap(
          height: 1, width: 1, channels: count, pixelWords: pixelWords(value), pixelStride: words[value.root],
          element: value.element, left: left[value.root], right: right[value.root], rows: 1)
      }
    }
  }

  /// Gives values that exist within one stage only a band of rows in each member's memory.
  private mutating func placeBands(_ lowering: Lowering, _ staging: StagePlanner, _ kernels: any KernelSet.Type) {
    for stage in stages where stage.turnRows > 0 {
      var end = 0
      for step in stage.steps {
        guard let map = lowering.steps[step].writes else { continue }
        let root = lowering.values[map].root
        guard root != lowering.values[stage.output].root else { continue }
        let rows = staging.demands[step].rowCount(of: stage.turnRows)
        if root == map {
          maps[map].memory = .band
          maps[map].offset = end
          maps[map].rows = min(rows, maps[map].height)
          end += (maps[map].wordCount + 63) & ~15
        } else {
          maps[map] = FeatureMap(sharing: maps[root], maps[map])
        }
      }
      memberMemory.addTurns(rows: turnRowWords(of: stage, kernels), bands: end)
    }
  }

  /// The packed rows of the products of a stage that runs in turns: of a block, or of a turn where that has fewer.
  private func turnRowWords(of stage: Stage, _ kernels: any KernelSet.Type) -> Int {
    var words = 0
    for step in steps[stage.steps] {
      guard case .product(let product) = step.step else { continue }
      let (shape, pixels) = (product.shape, step.demand.rowCount(of: stage.turnRows) * maps[product.output].width)
      let tiles = min(product.blockTiles, (pixels + shape.tileRows - 1) / shape.tileRows)
      words = max(words, tiles * shape.tileStride(kernels))
    }
    return words
  }

  private mutating func placeInArena(_ lowering: Lowering, panelWidth: Int) {
    var first = [Int?](repeating: nil, count: maps.count)
    var last = [Int](repeating: 0, count: maps.count)
    for (stageIndex, stage) in stages.enumerated() {
      for step in stage.steps {
        let used = lowering.steps[step].reads.map(\.map) + (lowering.steps[step].writes.map { [$0] } ?? [])
        for map in used {
          let root = lowering.values[map].root
          first[root] = first[root] ?? stageIndex
          last[root] = stageIndex
        }
      }
    }
    let roots = maps.indices.filter {
      lowering.values[$0].root == $0 && maps[$0].memory == .arena && lowering.values[$0].constant == nil
    }
    let planner = MemoryPlanner(
      roots.map { root in
        // Whole vectors are read at the end of the last row.
        let words = maps[root].wordCount + panelWidth
        return MemoryPlanner.Interval(
          byteCount: words * MemoryLayout<Float>.size, firstStep: first[root] ?? 0, lastStep: last[root])
      })
    for (root, offset) in zip(roots, planner.offsets) { maps[root].offset = offset / MemoryLayout<Float>.size }
    for map in maps.indices where maps[map].memory == .arena {
      maps[map].offset = maps[lowering.values[map].root].offset
    }
    arenaWords = (planner.byteCount + MemoryLayout<Float>.size - 1) / MemoryLayout<Float>.size
  }

  /// Gives constants their memory among the weights.
  mutating func placeConstants(_ lowering: inout Lowering) {
    for index in maps.indices {
      let root = lowering.values[index].root
      guard let tensor = lowering.values[root].constant else { continue }
      maps[index].offset =
        index == root ? lowering.weights.addMap(lowering.graph.tensors[tensor], maps[root]) : maps[root].offset
      maps[index].memory = .weights
    }
  }

  /// Follows one run through the arena: a border is clean if it was cleared for the last value there and that had the
  /// same form.
  private mutating func findClearedBorders() {
    var clean: [FeatureMap] = []
    for index in steps.indices {
      guard let output = steps[index].step.writes else { continue }
      let map = maps[output]
      guard map.memory == .arena else {
        steps[index].clearsBorder = map.left + map.right > 0
        continue
      }
      steps[index].clearsBorder = map.left + map.right > 0 && !clean.contains { $0.hasSameBorder(as: map) }
      clean.removeAll { $0.overlaps(map) }
      clean.append(map)
    }
  }
}

extension FeatureMap {
  /// A map in the memory of another.
  fileprivate init(sharing map: FeatureMap, _ own: FeatureMap) {
    self = map
    channels = own.channels
    pixelWords = own.pixelWords
    firstWord = own.firstWord
  }

  fileprivate func overlaps(_ other: FeatureMap) -> Bool {
    offset < other.offset + other.wordCount && other.offset < offset + wordCount
  }

  fileprivate func hasSameBorder(as other: FeatureMap) -> Bool {
    offset == other.offset && height == other.height && width == other.width && pixelStride == other.pixelStride
      && left == other.left && right == other.right && sumWords == other.sumWords
  }
}
