import Kernels

extension MemberRun {
  /// Some tiles of rows, or some columns of parts of the rows.
  func run(_ step: ProductStep, _ phase: Phase, _ units: Range<Int>) {
    switch step.producer {
    case .vector: return multiplyVector(step, panels: units)
    case .image(let window): return run(step, onImage: window, rows: units)
    default: break
    }
    if step.isStrassen { return runStrassen(step, phase, units) }
    if step.bands != nil { beginBands(phase) }
    guard let grid = phase.division.grid else {
      return run(step, pixels: phase.division.rows(of: units, in: maps[step.output].pixels))
    }
    grid.forEachPart(of: units) { part, panels in
      let block = grid.rows(part)
      if begins(part, in: phase) {
        place(block, step)
        produce(step, pixels: block, of: block, scratch.rowPanel)
      }
      let first = step.panels.lowerBound
      multiply(
        step, block, scratch.rowPanel, tiles: 0..<tileCount(step, block.count),
        panels: first + panels.lowerBound..<first + panels.upperBound)
    }
  }

  /// Whether this member begins a part of a product's rows, and has to make them; else they are in its row panel.
  func begins(_ part: Int, in phase: Phase) -> Bool {
    if scratch.begun[0] == phase.number && scratch.begun[1] == part { return false }
    (scratch.begun[0], scratch.begun[1]) = (phase.number, part)
    return true
  }

  func run(_ step: ProductStep, rows: Range<Int>) {
    if case .image(let window) = step.producer { return run(step, onImage: window, rows: rows) }
    let width = maps[step.output].width
    run(step, pixels: rows.lowerBound * width..<rows.upperBound * width)
  }

  /// Some tiles of rows, or some columns of parts of the rows, of products that share them.
  func runSiblings(_ stage: Stage, _ phase: Phase, _ units: Range<Int>) {
    let first = product(stage.steps.lowerBound)
    guard let grid = phase.division.grid else {
      for (_, block) in blocks(first, phase.division.rows(of: units, in: maps[first.output].pixels)) {
        place(block, first)
        produce(first, pixels: block, of: block, scratch.rowPanel)
        multiplySiblings(stage, block, panels: 0..<Int.max)
      }
      return
    }
    grid.forEachPart(of: units) { part, panels in
      let block = grid.rows(part)
      if begins(part, in: phase) {
        place(block, first)
        produce(first, pixels: block, of: block, scratch.rowPanel)
      }
      multiplySiblings(stage, block, panels: panels)
    }
  }

  /// - Parameter panels: Counts those of all products.
  private func multiplySiblings(_ stage: Stage, _ block: Range<Int>, panels: Range<Int>) {
    var start = 0
    for index in stage.steps {
      let step = product(index)
      let mine = panels.clamped(to: start..<start + step.panels.count)
      if !mine.isEmpty {
        place(block, in: maps[step.output], scratch.outputOffsets)
        let shift = step.panels.lowerBound - start
        multiply(
          step, block, scratch.rowPanel, tiles: 0..<tileCount(step, block.count),
          panels: mine.lowerBound + shift..<mine.upperBound + shift)
      }
      start += step.panels.count
    }
  }

  private func product(_ index: Int) -> ProductStep {
    guard case .product(let step) = steps[index].step else { preconditionFailure("only products share rows") }
    return step
  }

  private func run(_ step: ProductStep, pixels: Range<Int>) {
    for (_, block) in blocks(step, pixels) {
      place(block, step)
      produce(step, pixels: block, of: block, scratch.rowPanel)
      multiply(step, block, scratch.rowPanel, tiles: 0..<tileCount(step, block.count), panels: step.panels)
    }
  }

  func tileCount(_ step: ProductStep, _ pixels: Int) -> Int {
    (pixels + step.shape.tileRows - 1) / step.shape.tileRows
  }

  func segmentStride(_ step: ProductStep) -> Int { step.shape.tileRows * vectorWidth }

  /// Pixels split into blocks that fit the row panel.
  private func blocks(_ step: ProductStep, _ pixels: Range<Int>) -> PixelBlocks {
    PixelBlocks(pixels, tileRows: step.shape.tileRows, limit: step.blockTiles)
  }

  private func tileStride(_ step: ProductStep) -> Int { step.shape.tileStride(kernels) }

  /// Records where each row of a block is in the row panel, with its scale, in the output and in the residual.
  private func place(_ block: Range<Int>, _ step: ProductStep) {
    let stride = tileStride(step)
    let scales = step.shape.segments * segmentStride(step)
    let (tiles, tileRows) = (tileCount(step, block.count), step.shape.tileRows)
    let hasFullTiles = kernels.usesMatrixRegisters(step.shape.arithmetic)
    var shares = Shares(of: tiles, block.count, first: 0)
    for tile in 0..<tiles {
      // A call of `KernelSet.rows` for each tile took a hundredth of MobileNetV2's time.
      let rows =
        hasFullTiles
        ? tile * tileRows..<min((tile + 1) * tileRows, block.count) : shares.next()
      assert(rows == kernels.rows(ofTile: tile, in: block.count, step.shape.arithmetic), "rows lie in another tile")
      fill(scratch.slots + rows.lowerBound, rows.count, from: tile * stride, by: vectorWidth)
      guard step.shape.isInteger else { continue }
      fill(scratch.scaleSlots + rows.lowerBound, rows.count, from: tile * stride + scales, by: 1)
    }
    place(block, in: maps[step.output], scratch.outputOffsets)
    if let residual = step.residual { place(block, in: maps[residual], scratch.residualOffsets) }
  }

  /// Where each pixel of a block lies in a map.
  private func place(_ block: Range<Int>, in map: FeatureMap, _ offsets: BoundedPointer<Int>) {
    forEachRun(of: block, width: map.width) { y, x, count in
      let first = y * map.width + x - block.lowerBound
      let start = y % map.rows * map.rowStride + x * map.pixelStride
      fill(offsets + first, count, from: start, by: map.pixelStride)
    }
  }

  /// Numbers at equal distances, in a loop that the compiler makes one of vectors, as none of its sums is checked: with
  /// checks, places took a twentieth of the time of MobileNetV2 in int8.
  private func fill(_ numbers: BoundedPointer<Int>, _ count: Int, from first: Int, by distance: Int) {
    var (index, number) = (0, first)
    while index < count {
      numbers[index] = number
      index &+= 1
      number &+= distance
    }
  }

  /// Fills the rows of some pixels of a block.
  private func produce(
    _ step: ProductStep, pixels: Range<Int>, of block: Range<Int>, _ panel: BoundedPointer<Float>
  ) {
    if step.shape.isInteger { return produceIntegers(step, pixels: pixels, of: block, panel) }
    let element: MapElementType = step.shape.arithmetic == .bfloat16 ? .bfloat16 : .float32
    switch step.producer {
    case .depthwise(let window, let weights):
      let vectors = step.shape.segments * (element == .bfloat16 ? 2 : 1)
      depthwise(
        step, window, weights, pixels: pixels, of: block, vectors: 0..<vectors, panel,
        vectorStride: segmentStride(step), element)
    case .gather(let window, let channels):
      forEachRun(of: pixels, width: maps[step.output].width, most: mostScaled(step)) { y, x, count in
        gather(
          step, window, channels, y: y, x: x, count: count, panel,
          slots: scratch.slots + (y * maps[step.output].width + x - block.lowerBound),
          segmentStride: segmentStride(step), element)
      }
    case .image, .vector: break
    }
  }

  /// Writes depthwise sums of some vectors of channels to the rows of a block, a few vectors at a time for all pixels.
  func depthwise(
    _ step: ProductStep, _ window: PlacedWindow, _ weights: Int, pixels: Range<Int>, of block: Range<Int>,
    vectors: Range<Int>, _ panel: BoundedPointer<Float>, vectorStride: Int, _ element: MapElementType = .float32
  ) {
    let most = min(depthwiseVectors(maps[step.input], window), max(vectors.count, 1))
    let width = maps[step.output].width
    for first in stride(from: vectors.lowerBound, to: vectors.upperBound, by: most) {
      forEachRun(of: pixels, width: width) { y, x, count in
        depthwise(
          DepthwiseStep(
            input: step.input, output: step.output, window: window, weights: weights,
            inputActivation: step.inputActivation, activation: step.middleActivation),
          y: y, x: x, count: count, vectors: first..<min(first + most, vectors.upperBound), panel,
          slots: scratch.slots + (y * width + x - block.lowerBound), vectorStride: vectorStride, element,
          tailWords: first + most < vectors.upperBound ? 0 : step.shape.tailWords)
      }
    }
  }

  /// Calls `body` with the runs of neighbouring pixels of one row, at most so many at once.
  func forEachRun(
    of pixels: Range<Int>, width: Int, most: Int = .max, _ body: (_ y: Int, _ x: Int, _ count: Int) -> Void
  ) {
    var pixel = pixels.lowerBound
    while pixel < pixels.upperBound {
      let (y, x) = pixel.quotientAndRemainder(dividingBy: width)
      let count = min(width - x, pixels.upperBound - pixel, most)
      body(y, x, count)
      pixel += count
    }
  }

  /// Copies what the windows of some pixels of a row cover.
  func gather(
    _ step: ProductStep, _ window: PlacedWindow, _ channels: Range<Int>, y: Int, x: Int, count: Int,
    _ panel: BoundedPointer<Float>, slots: BoundedPointer<Int>, segmentStride: Int, _ element: MapElementType
  ) {
    let map = maps[step.input]
    gatherRows(
      of: map, top: y * window.strideDown - window.top, height: window.height, dilation: window.dilationDown,
      columns: columns(of: window, x: x, count: count), channel: channels.lowerBound)
    let pixelStride = scaleInput(of: step, count: count)
    // From a packed map all channels are gathered; their words are a whole pixel.
    let length = map.element == .bfloat16 ? map.pixelWords : channels.count
    // Where the words of neighbouring pixels are adjacent, a row of the window is one piece; as floats they are not
    // adjacent.
    let touches = length == pixelStride && window.dilationAcross == 1 && element == map.element
    assert(panel.contains(slots, count: count, width: 1), "a pixel's slot lies outside the row panel")
    unsafe kernels.gather(
      GatherRun(
        inputs: scratch.inputRows.reading(window.height), inputRows: window.height,
        step: window.strideAcross * pixelStride,
        pieces: touches ? 1 : window.width, pieceStride: window.dilationAcross * pixelStride,
        length: touches ? window.width * length : length, inputActivation: step.inputActivation,
        rowPanel: panel.writing(0), slots: slots.reading(count), segmentStride: segmentStride, pixels: count,
        line: scratch.line.writing(0),
        inputElement: map.element,
        outputElement: element, channels: channels.count,
        scale: map.element == .float32 ? step.scale.map { unsafe factors(of: maps[$0]) } : nil,
        tailWords: step.shape.tailWords))
  }

  /// How many packed pixels are scaled together, so that the first-level cache holds them until they are gathered.
  func mostScaled(_ step: ProductStep) -> Int {
    isScaledFirst(step) ? max(1, Self.scaledWords / maps[step.input].pixelWords) : .max
  }

  /// Whether pixels are scaled, and rounded, before they are gathered: floats are scaled as they are gathered.
  private func isScaledFirst(_ step: ProductStep) -> Bool {
    step.scale != nil && maps[step.input].element == .bfloat16
  }

  private func factors(of scale: FeatureMap) -> UnsafePointer<Float> {
    unsafe row(0, of: scale).reading(scale.pixelWords)
  }

  private static let scaledWords = 3 << 10

  /// Multiplies some packed pixels that a window of 1 x 1 is to read by the step's scale, where it has one, and returns
  /// the distance between pixels.
  func scaleInput(of step: ProductStep, count: Int) -> Int {
    let map = maps[step.input]
    guard isScaledFirst(step), let scale = step.scale.map({ maps[$0] }) else { return map.pixelStride }
    let words = map.pixelWords
    unsafe kernels.combine(
      BinaryRun(
        .product, first: BinaryRun.Side(scratch.inputRows[0], stride: map.pixelStride, element: map.element),
        second: BinaryRun.Side(factors(of: scale), stride: 0, element: scale.element),
        output: scratch.scaled.writing(count * words), element: map.element, words: words, pixels: count))
    unsafe scratch.inputRows[0] = scratch.scaled.reading(count * words)
    return words
  }

  private func multiply(
    _ step: ProductStep, _ block: Range<Int>, _ panel: BoundedPointer<Float>, tiles: Range<Int>,
    panels: Range<Int>
  ) {
    assertPlaced(block.count, in: step)
    unsafe kernels.multiply(
      product(
        step, panel, rowCount: block.count, tiles: tiles, panels: panels,
        output: pixels(of: maps[step.output]).writing(0)))
  }

  /// A step's product of rows whose places are recorded.
  func product(
    _ step: ProductStep, _ panel: BoundedPointer<Float>, rowCount: Int, tiles: Range<Int>, panels: Range<Int>,
    output: UnsafeMutablePointer<Float>
  ) -> Product {
    unsafe Product(
      rowPanel: panel.reading(tiles.count * tileStride(step)), rowPanelStride: 0, rowCount: rowCount, tiles: tiles,
      segmentStride: segmentStride(step), tileStride: tileStride(step), columnPanels: columnPanels(of: step),
      depth: step.shape.depth, panels: panels, narrowPanel: step.narrowPanel, singlePanel: step.singlePanel,
      bias: bias(of: step), output: output, outputOffsets: scratch.outputOffsets.reading(rowCount),
      residual: step.residual.map { unsafe pixels(of: maps[$0]).reading(0) },
      residualOffsets: scratch.residualOffsets.reading(rowCount), activation: step.activation,
      arithmetic: step.shape.arithmetic, element: maps[step.output].element, columnScales: columnScales(of: step),
      starts: starts(of: step), tileSums: scratch.tileSums.writing(0))
  }

  /// Debug builds check that the offsets of a block's pixels are inside the maps that are written and added.
  func assertPlaced(_ count: Int, in step: ProductStep) {
    assert(isPlaced(count, in: maps[step.output], at: scratch.outputOffsets), "a pixel lies outside the output")
    guard let residual = step.residual else { return }
    assert(isPlaced(count, in: maps[residual], at: scratch.residualOffsets), "a pixel lies outside the residual")
  }

  private func isPlaced(_ count: Int, in map: FeatureMap, at offsets: BoundedPointer<Int>) -> Bool {
    pixels(of: map).contains(offsets, count: count, width: map.pixelWords)
  }

  /// Where panel 0 starts, or would start.
  func columnPanels(of step: ProductStep) -> UnsafePointer<Float> {
    let words = step.shape.panelWords
    return unsafe weights.reading(
      step.panels.lowerBound * words..<step.panels.upperBound * words, from: step.weights.panels)
  }

  /// The values of the columns, at least one for each.
  private func columns(of step: ProductStep) -> Range<Int> { 0..<step.panels.upperBound * panelWidth }

  func bias(of step: ProductStep) -> UnsafePointer<Float> { unsafe weights.reading(columns(of: step), from: step.bias) }

  private func columnScales(of step: ProductStep) -> UnsafePointer<Float> {
    let hasScales = step.shape.isInteger || step.shape.arithmetic == .int8Weights
    return unsafe weights.reading(hasScales ? columns(of: step) : 0..<0, from: step.weights.scales)
  }

  private func starts(of step: ProductStep) -> UnsafePointer<Int32> {
    let columns = step.shape.isInteger ? columns(of: step) : 0..<0
    return unsafe weights.rebound(to: Int32.self).reading(columns, from: step.weights.starts)
  }

  /// Some columns of the product of a vector, which is a row panel of one row without copying.
  private func multiplyVector(_ step: ProductStep, panels: Range<Int>) {
    scratch.outputOffsets[0] = 0
    unsafe kernels.multiply(
      Product(
        rowPanel: row(0, of: maps[step.input]).reading(step.shape.depth), rowPanelStride: 0, rowCount: 1, tiles: 0..<1,
        segmentStride: vectorWidth, tileStride: 0,
        columnPanels: columnPanels(of: step), depth: step.shape.depth, panels: panels,
        narrowPanel: step.narrowPanel, singlePanel: step.singlePanel, bias: bias(of: step),
        output: row(0, of: maps[step.output]).writing(maps[step.output].pixelStride),
        outputOffsets: scratch.outputOffsets.reading(1), residual: nil,
        residualOffsets: scratch.outputOffsets.reading(1), activation: step.activation,
        arithmetic: step.shape.arithmetic, columnScales: columnScales(of: step)))
  }
}
