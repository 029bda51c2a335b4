import Kernels
import Threads

/// What one member of a team does in a run. Trivial values only: copying it counts no references.
struct MemberRun {
  let kernels: any KernelSet.Type
  let vectorWidth: Int
  let panelWidth: Int
  /// Of a product of fp32.
  let tileRows: Int
  let steps: ConstantArray<PlannedStep>
  let maps: ConstantArray<FeatureMap>
  let weights: BoundedPointer<Float>
  let zeroRow: BoundedPointer<Float>
  let arena: BoundedPointer<Float>
  let sharedPanel: BoundedPointer<Float>
  let scratch: MemberScratch
  let input: BoundedPointer<Float>
  let output: BoundedPointer<Float>
  let features: BoundedPointer<Float>?
  let member: Member

  init(_ call: borrowing PlanRun, _ member: Member) {
    let plan = call.plan
    kernels = plan.kernels
    vectorWidth = kernels.vectorWidth
    panelWidth = kernels.panelWidth
    tileRows = kernels.tileRows(.float32)
    steps = plan.steps
    maps = plan.maps
    weights = plan.weights
    zeroRow = plan.zeroRow
    arena = call.scratch.arena
    sharedPanel = call.scratch.sharedPanel
    scratch = call.scratch[member.index]
    input = call.input
    output = call.output
    features = call.features
    self.member = member
  }

  func run(_ stage: Stage) {
    for index in stage.steps where steps[index].clearsBorder { clearBorder(of: maps[steps[index].step.writes!]) }
    if stage.turnRows > 0 {
      runInTurns(stage)
    } else {
      run(steps[stage.steps.lowerBound].step, stage)
    }
  }

  /// Each member makes some rows of the stage's output, a few at a time, and all that they need.
  private func runInTurns(_ stage: Stage) {
    let mine = member.share(of: maps[stage.output].height)
    var first = mine.lowerBound
    while first < mine.upperBound {
      let turn = first..<min(first + stage.turnRows, mine.upperBound)
      for index in stage.steps {
        let height = maps[steps[index].step.writes!].height
        let demand = steps[index].demand
        let wanted = demand.rows(for: turn, height: height)
        // What the turn before has made is still there.
        let done = first == mine.lowerBound ? 0 : demand.rows(for: mine.lowerBound..<first, height: height).upperBound
        let rows = min(max(wanted.lowerBound, done), wanted.upperBound)..<wanted.upperBound
        if !rows.isEmpty { run(steps[index].step, rows: rows) }
      }
      first = turn.upperBound
    }
  }

  /// Does this member's share of a step of its own.
  private func run(_ step: Step, _ stage: Stage) {
    switch step {
    case .product(let product): run(product)
    case .winograd(let winograd): run(winograd)
    case .globalPool(let from, let to, let kind): pool(maps[from], maps[to], kind)
    case .reshape(let from, let to): if member.index == 0 { reshape(maps[from], maps[to]) }
    case .result(let map, let result): if member.index == 0 { copyOut(maps[map], result) }
    default:
      let rows = member.share(of: maps[stage.output].height)
      if !rows.isEmpty { run(step, rows: rows) }
    }
  }

  /// Makes some rows of a step's output.
  private func run(_ step: Step, rows: Range<Int>) {
    switch step {
    case .input(let map): copyIn(maps[map], rows)
    case .product(let product): run(product, rows: rows)
    case .depthwise(let depthwise): run(depthwise, rows: rows)
    case .pool(let pool): run(pool, rows: rows)
    case .activate(let from, let to, let activation):
      forEachRow(maps[from], maps[to], rows) { kernels.activate($0, activation) }
    case .parametricRelu(let from, let to, let slopes):
      forEachRow(maps[from], maps[to], rows) {
        let channels = maps[to].paddedChannels
        unsafe kernels.parametricRelu($0, slopes: (weights + slopes).reading(channels), channels: channels)
      }
    case .binary(let binary): run(binary, rows: rows)
    case .slice(let from, let to, let part): slice(maps[from], maps[to], part, rows)
    case .pad(let from, let to, let top, let left): pad(maps[from], maps[to], top: top, left: left, rows)
    case .rowwise(let rowwise): run(rowwise, rows: rows)
    case .add(let first, let second, let to): add(maps[first], maps[second], maps[to], rows)
    case .normalize(let from, let to, let scale, let shift):
      forEachRow(maps[from], maps[to], rows) {
        let channels = maps[to].paddedChannels
        unsafe kernels.normalize(
          $0, scale: (weights + scale).reading(channels), shift: (weights + shift).reading(channels),
          channels: channels)
      }
    case .softmax(let from, let to): softmax(maps[from], maps[to], rows)
    case .join(let from, let to, let firstChannel): join(maps[from], maps[to], rows, firstChannel: firstChannel)
    case .winograd, .globalPool, .reshape, .result: preconditionFailure("\(step.kernel) is not made row by row")
    }
  }

  // MARK: Memory

  /// The first pixel of a row, in the row with its borders.
  func row(_ y: Int, of map: FeatureMap) -> BoundedPointer<Float> {
    memory(of: map).part(from: y % map.rows * map.rowStride, count: map.rowStride) + map.left * map.pixelStride
  }

  /// The first pixel of a map, in the whole map.
  func pixels(of map: FeatureMap) -> BoundedPointer<Float> { memory(of: map) + map.left * map.pixelStride }

  private func memory(of map: FeatureMap) -> BoundedPointer<Float> {
    let memory =
      switch map.memory {
      case .arena: arena
      case .band: scratch.bands
      case .weights: weights
      }
    return memory.part(from: map.offset, count: map.wordCount)
  }

  /// The rows that a window covers for an output row, zeros beyond the map: of each some columns, from a channel of the
  /// first one on.
  func gatherRows(of map: FeatureMap, top: Int, height: Int, dilation: Int, columns: Range<Int>, channel: Int = 0) {
    for index in 0..<height {
      let y = top + index * dilation
      let start = y >= 0 && y < map.height ? row(y, of: map) : zeroRow + map.left * map.pixelStride
      unsafe scratch.inputRows[index] = (start + (columns.lowerBound * map.pixelStride + channel))
        .reading(columns.count * map.pixelStride - channel)
    }
  }

  /// The columns that the windows of some neighbouring pixels cover.
  func columns(of window: PlacedWindow, x: Int, count: Int) -> Range<Int> {
    let first = x * window.strideAcross - window.left
    return first..<first + (count - 1) * window.strideAcross + window.reachAcross
  }

  private func clearBorder(of map: FeatureMap) {
    for y in map.memory == .band ? 0..<map.rows : member.share(of: map.height) {
      let row = row(y, of: map)
      (row - map.left * map.pixelStride).update(repeating: 0, count: map.left * map.pixelStride)
      (row + map.width * map.pixelStride).update(repeating: 0, count: map.right * map.pixelStride)
    }
  }
}
