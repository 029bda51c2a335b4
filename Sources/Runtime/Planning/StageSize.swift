import Kernels

/// The size of a stage, in the units that the members of a team divide.
enum StageSize {
  /// Units of one kind in order: rows, turns of rows, or vectors of channels.
  case units(Int)
  case product(ProductSize)

  /// - Parameter steps: The steps of a layout, which the maps and the memory belong to as well.
  init(
    _ stage: Stage, _ steps: [PlannedStep], _ maps: [FeatureMap], _ memory: MemberScratchSizes,
    _ kernels: any KernelSet.Type
  ) {
    let height = maps[stage.output].height
    if stage.turnRows > 0 {
      self = .units((height + stage.turnRows - 1) / stage.turnRows)
      return
    }
    switch steps[stage.steps.lowerBound].step {
    case .product(let product):
      if case .vector = product.producer {
        self = .units(product.panels.count)
      } else {
        var size = ProductSize(product, pixels: maps[product.output].pixels)
        if !product.isStrassen {
          let tiles = memory.rowPanel / product.shape.tileStride(kernels)
          size.sharedRows = min(tiles * size.tileRows, memory.blockRows)
        }
        self = .product(size)
      }
    case .globalPool(let from, _, _): self = .units(maps[from].pixelWords / kernels.vectorWidth)
    case .reshape, .result: self = .units(1)
    case .winograd(let winograd): self = .product(ProductSize(winograd, of: maps[winograd.output]))
    default: self = .units(height)
    }
  }
}

/// The rows and columns of a product: rows are pixels or pairs of them, columns are column panels or pairs of those.
struct ProductSize {
  var rows: Int
  var tileRows: Int
  /// The most rows of a block that a member has for itself, and of one that members share: as many as there is memory
  /// for.
  var blockRows: Int
  var sharedRows: Int
  var panels: Int
  var depth: Int
  var weightBytes: Int
  /// Whether members that make a shared row panel divide its rows, rather than its tiles.
  var makesSingleRows = false
  /// The number of blocks for each member up to which large weights are read in parts rather than whole for each
  /// ticket.
  var sharedBlocksOfMember = 2

  func tiles(_ rows: Int) -> Int { (rows + tileRows - 1) / tileRows }

  func makingUnits(_ rows: Int) -> Int { makesSingleRows ? rows : tiles(rows) }
}

extension ProductSize {
  init(_ step: ProductStep, pixels: Int) {
    let pairs = step.isStrassen ? 2 : 1
    let blockRows = step.blockTiles * step.shape.tileRows
    self.init(
      rows: (pixels + pairs - 1) / pairs, tileRows: step.shape.tileRows, blockRows: blockRows, sharedRows: blockRows,
      panels: (step.panels.count + pairs - 1) / pairs, depth: step.shape.depth,
      weightBytes: step.shape.panelWords * step.panels.count * MemoryLayout<Float>.size)
  }

  /// Its rows are windows of 4 x 4 pixels. Of so many weights a ticket that is smaller than a block reads too many.
  init(_ step: WinogradStep, of output: FeatureMap) {
    self.init(
      rows: ((output.width + 3) / 4) * ((output.height + 3) / 4), tileRows: step.shape.tileRows,
      blockRows: step.blockWindows, sharedRows: step.blockWindows, panels: step.panels, depth: 36 * step.shape.depth,
      weightBytes: 36 * step.shape.panelWords * step.panels * MemoryLayout<Float>.size, makesSingleRows: true,
      sharedBlocksOfMember: 8)
  }
}
