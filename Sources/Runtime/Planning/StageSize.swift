import Kernels

/// The size of a stage, in the units that the members of a team divide.
enum StageSize {
  /// Units of one kind in order: rows, turns of rows, or vectors of channels.
  case units(Int)
  case product(ProductSize)

  /// - Parameter steps: The steps of a layout, which the maps belong to as well.
  init(_ stage: Stage, _ steps: [PlannedStep], _ maps: [FeatureMap], _ kernels: any KernelSet.Type) {
    let height = maps[stage.output].height
    if stage.turnRows > 0 {
      self = .units((height + stage.turnRows - 1) / stage.turnRows)
      return
    }
    switch steps[stage.steps.lowerBound].step {
    case .product(let product):
      switch product.producer {
      case .vector: self = .units(product.panels.count)
      case .image: self = .units(height)
      default:
        var size = ProductSize(product, pixels: maps[product.output].pixels, kernels)
        for case .product(let sibling) in stage.steps.dropFirst().map({ steps[$0].step }) {
          size.panels += sibling.panels.count
          size.weightBytes += sibling.weightBytes
        }
        self = .product(size)
      }
    case .globalPool(let from, _, _): self = .units(maps[from].pixelWords / kernels.vectorWidth)
    case .mean(_, let to): self = .units(maps[to].pixelWords / kernels.vectorWidth)
    case .reshape, .result: self = .units(1)
    case .winograd(let winograd): self = .product(ProductSize(winograd, of: maps[winograd.output], kernels))
    default: self = .units(height)
    }
  }
}

/// The rows and columns of a product: rows are pixels or pairs of them, columns are column panels or pairs of those.
struct ProductSize {
  var rows: Int
  var tileRows: Int
  /// The rows of the smallest tiles that multiply about as fast: where there are fewer tiles than members, these divide the rows.
  var leastRows: Int
  /// The most rows that a member makes at a time.
  var blockRows: Int
  var panels: Int
  var weightBytes: Int
  var cycles: ProductCycles

  func tiles(_ rows: Int) -> Int { (rows + tileRows - 1) / tileRows }

  /// The parts of all rows that some members take: tiles, or, where those are too few, smaller ones.
  func parts(for members: Int) -> Int {
    let tiles = tiles(rows)
    return tiles >= members ? tiles : max(tiles, min(members, rows / leastRows))
  }

  /// Windows are few, and each is much to do. The 12 sums of 6 rows keep a processor busy that multiplies two vectors in a cycle
  /// and takes four cycles for each.
  fileprivate static func leastWindows(_ shape: ProductShape, _ kernels: any KernelSet.Type) -> Int {
    kernels.usesMatrixRegisters(shape.arithmetic) ? shape.tileRows : min(shape.tileRows, 6)
  }
}

/// About how long a processor takes for a word of a product's depth; only the proportions count. They suit two
/// processors with AVX-512 as well as 16 with AMX, where half or twice as much for rows or panels changes little.
struct ProductCycles {
  /// To make it of a row, whose pixels come from another processor.
  var row: Double
  /// To multiply a tile's by a column panel's.
  var tile: Double
  /// To read a column panel's from the last-level cache.
  var panel: Double
}

extension ProductCycles {
  init(_ shape: ProductShape, making row: Double, _ kernels: any KernelSet.Type) {
    self.init(
      row: row, tile: kernels.usesMatrixRegisters(shape.arithmetic) ? 2 : Double(shape.tileRows),
      panel: Double(shape.panelRowWords) / 4)
  }
}

extension ProductSize {
  init(_ step: ProductStep, pixels: Int, _ kernels: any KernelSet.Type) {
    let pairs = step.isStrassen ? 2 : 1
    self.init(
      rows: (pixels + pairs - 1) / pairs, tileRows: step.shape.tileRows,
      leastRows: step.shape.tileRows,
      blockRows: step.blockTiles * step.shape.tileRows,
      panels: (step.panels.count + pairs - 1) / pairs,
      weightBytes: step.weightBytes,
      cycles: ProductCycles(step.shape, making: Double(pairs) * step.cyclesOfRow, kernels))
  }

  /// Its rows are windows.
  init(_ step: WinogradStep, of output: FeatureMap, _ kernels: any KernelSet.Type) {
    self.init(
      rows: step.tiling.windows(height: output.height, width: output.width), tileRows: step.shape.tileRows,
      leastRows: Self.leastWindows(step.shape, kernels), blockRows: step.blockWindows, panels: step.panels,
      weightBytes: step.tiling.points * step.shape.panelWords * step.panels * MemoryLayout<Float>.size,
      cycles: ProductCycles(step.shape, making: step.shape.isInteger ? 1.8 : 1.1, kernels))
  }
}

extension ProductStep {
  fileprivate var weightBytes: Int { shape.panelWords * panels.count * MemoryLayout<Float>.size }

  /// To read a word of a pixel, and to make of it a word of a row for each tap: to copy, to sum or to quantize it.
  fileprivate var cyclesOfRow: Double {
    let values: Double =
      switch shape.arithmetic {
      case .float32, .bfloat16Weights, .int8Weights: 1
      case .bfloat16, .int16: 2
      case .int8: 4
      }
    let made = shape.isInteger ? values / 2 : 0.3
    switch producer {
    case .depthwise: return 2 + made + 0.6 * values
    // Bytes of bands are copied; making them is shared by the windows that overlap.
    case .gather(let window, _) where bands != nil: return 0.3 + 4 / Double(window.taps)
    case .gather(let window, _): return 2 / Double(window.taps) + made
    case .image, .vector: return 0
    }
  }
}
