import Kernels

/// What one member of a team does in the runs that use its scratch memory. Trivial values only: copying it touches no
/// reference count.
struct MemberRun {
  let kernels: any KernelSet.Type
  let vectorWidth: Int
  let panelWidth: Int
  /// For products of fp32.
  let tileRows: Int
  let steps: ConstantArray<PlannedStep>
  let maps: ConstantArray<FeatureMap>
  let weights: BoundedPointer<Float>
  let zeroRow: BoundedPointer<Float>
  let arena: BoundedPointer<Float>
  let scratch: MemberScratch
  let buffers: BoundedPointer<CallBuffers>

  init(
    _ plan: Plan, arena: BoundedPointer<Float>, _ scratch: MemberScratch, _ buffers: BoundedPointer<CallBuffers>
  ) {
    kernels = plan.kernels
    vectorWidth = kernels.vectorWidth
    panelWidth = kernels.panelWidth
    tileRows = kernels.tileRows(.float32)
    steps = plan.steps
    maps = plan.maps
    weights = plan.weights
    zeroRow = plan.zeroRow
    self.arena = arena
    self.scratch = scratch
    self.buffers = buffers
  }

  /// Performs some tickets of a phase of a stage.
  func run(_ stage: Stage, _ phase: Phase, _ tickets: Range<Int>) {
    clearBorders(of: stage, phase, tickets)
    let units = phase.share(of: phase.division.units, tickets)
    let height = maps[stage.output].height
    if stage.turnRows > 0 {
      let rows = units.lowerBound * stage.turnRows..<min(units.upperBound * stage.turnRows, height)
      return runInTurns(stage, phase, rows: rows)
    }
    if stage.steps.count > 1 { return runSiblings(stage, phase, units) }
    let step = steps[stage.steps.lowerBound].step
    switch step {
    case .product(let product): run(product, phase, units)
    case .globalPool(let from, let to, let kind): pool(maps[from], maps[to], kind, vectors: units)
    case .mean(let from, let to): mean(maps[from], maps[to], vectors: units)
    case .reshape(let from, let to): reshape(maps[from], maps[to])
    case .result(let map, let result): copyOut(maps[map], result)
    case .winograd(let winograd): run(winograd, phase, units)
    default: run(step, rows: units)
    }
  }

  /// Makes some rows of the stage's output, a few at a time, and everything that they need.
  private func runInTurns(_ stage: Stage, _ phase: Phase, rows: Range<Int>) {
    // What this member made for the rows before is still there.
    let goesOn = scratch.turns[0] == phase.number && scratch.turns[2] == rows.lowerBound
    if !goesOn { clearBandBorders(of: stage) }
    let begin = goesOn ? scratch.turns[1] : rows.lowerBound
    var first = rows.lowerBound
    while first < rows.upperBound {
      let turn = first..<min(first + stage.turnRows, rows.upperBound)
      for index in stage.steps {
        let height = maps[steps[index].step.writes!].height
        let demand = steps[index].demand
        let wanted = demand.rows(for: turn, height: height)
        let done = first == begin ? 0 : demand.rows(for: begin..<first, height: height).upperBound
        let rows = min(max(wanted.lowerBound, done), wanted.upperBound)..<wanted.upperBound
        if !rows.isEmpty { run(steps[index].step, rows: rows) }
      }
      first = turn.upperBound
    }
    (scratch.turns[0], scratch.turns[1], scratch.turns[2]) = (phase.number, begin, rows.upperBound)
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
    case .winograd, .globalPool, .mean, .reshape, .result: preconditionFailure("\(step.kernel) is not made row by row")
    }
  }

  // MARK: Memory

  /// The first pixel of a row, in the row with its borders.
  func row(_ y: Int, of map: FeatureMap) -> BoundedPointer<Float> {
    memory(of: map).part(from: y % map.rows * map.rowStride, count: map.rowStride)
      + (map.left * map.pixelStride + map.firstWord)
  }

  /// The first pixel of a map, in the whole map.
  func pixels(of map: FeatureMap) -> BoundedPointer<Float> {
    memory(of: map) + (map.left * map.pixelStride + map.firstWord)
  }

  private func memory(of map: FeatureMap) -> BoundedPointer<Float> {
    let memory =
      switch map.memory {
      case .arena: arena
      case .band: scratch.bands
      case .weights: weights
      }
    return memory.part(from: map.offset, count: map.wordCount)
  }

  /// The rows that a window covers for an output row, with zeros beyond the map: for each the given columns, starting
  /// from a channel of the first one.
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

  // MARK: Borders

  /// Clears the borders of those rows of the stage's values in the arena that belong to some tickets.
  private func clearBorders(of stage: Stage, _ phase: Phase, _ tickets: Range<Int>) {
    for index in stage.steps where steps[index].clearsBorder {
      let map = maps[steps[index].step.writes!]
      if map.memory != .band { clearBorder(of: map, phase.share(of: map.height, tickets)) }
    }
  }

  private func clearBandBorders(of stage: Stage) {
    for index in stage.steps where steps[index].clearsBorder {
      let map = maps[steps[index].step.writes!]
      if map.memory == .band { clearBorder(of: map, 0..<map.rows) }
    }
  }

  private func clearBorder(of map: FeatureMap, _ rows: Range<Int>) {
    for y in rows {
      let row = row(y, of: map) - map.firstWord
      (row - map.left * map.pixelStride).update(repeating: 0, count: map.left * map.pixelStride)
      (row + map.width * map.pixelStride).update(repeating: 0, count: map.right * map.pixelStride)
    }
  }
}
