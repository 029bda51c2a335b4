import Kernels

/// The sizes of the parts of one thread's scratch memory, in words; the parts follow each other.
struct MemberScratchSizes {
  /// The packed rows of a block and, at the end of the same memory, what a step needs beside them: the products of Winograd's
  /// windows, the sums of Strassen's weights, or the bands of steps that run in turns.
  private(set) var rowPanel = 0
  /// A tile of gathered pixels.
  var line = 0
  /// The scaled pixels of a part of a packed map's row.
  var scaled = 0
  /// Neighbouring pixels whose values are to become integers, or the scales of a block's windows.
  var rows = 0
  /// A band of a map as bytes, behind its scale.
  var bytes = 0
  /// The products of one tile of Strassen's, or of two tiles of matrix registers.
  var tileSums = 0
  /// The values that exist within one stage only.
  private(set) var bands = 0
  /// The packed rows of a block in stages that run in turns.
  private var turnRows = 0
  /// A row of a map as floats; there are three, two that are read and one that is made.
  var floatRow = 0
  /// The rows of a block; there are three lists of offsets for them.
  var blockRows = 0
  /// The rows of the tallest window.
  var windowRows = 8

  init(_ steps: [Step], maps: [FeatureMap], kernels: any KernelSet.Type) {
    let width = kernels.vectorWidth
    for step in steps {
      switch step {
      case .product(let product) where product.isStrassen: addStrassen(product, kernels)
      case .product(let product):
        if case .image(let window) = product.producer {
          addImage(product, window, maps, kernels)
          continue
        }
        addRows(product.blockTiles * product.shape.tileStride(kernels))
        if case .gather = product.producer {
          line = max(line, (product.shape.channels + 2 * width) * kernels.tileRows(.float32) + 2 * width)
        }
        let map = maps[product.input]
        if product.scale != nil, map.element == .bfloat16 {
          scaled = max(scaled, map.width * map.pixelWords + kernels.panelWidth)
        }
        if kernels.usesMatrixRegisters(product.shape.arithmetic) {
          tileSums = max(tileSums, 2 * product.shape.tileRows * kernels.panelWidth)
        }
        if let bands = product.bands, case .gather(let window, _) = product.producer {
          let columns = (maps[product.output].width - 1) * window.strideAcross + window.reachAcross
          bytes = max(bytes, bands.mostInputs(window) * columns * product.shape.tapWords + 2 * width)
          windowRows = max(windowRows, bands.mostInputs(window))
        } else if product.shape.isInteger {
          // A row may be read to the end of its last whole segment.
          let slack = kernels.channelsPerByteWord * width
          rows = max(rows, product.shape.quantizedRows(kernels) * product.shape.lineStride(kernels) + slack)
        }
        blockRows = max(blockRows, product.blockTiles * product.shape.tileRows)
        switch product.producer {
        case .depthwise(let window, _), .gather(let window, _): windowRows = max(windowRows, window.height)
        case .image, .vector: break
        }
      case .winograd(let winograd):
        let (shape, points) = (winograd.shape, winograd.tiling.points)
        let tiles = (winograd.blockWindows + shape.tileRows - 1) / shape.tileRows
        addRows(
          tiles * points * shape.tileStride(kernels), beside: points * winograd.blockWindows * kernels.panelWidth)
        blockRows = max(blockRows, winograd.blockWindows, points)
        switch winograd.tiling {
        case .bytes: rows = max(rows, winograd.scaleCount + points * shape.lineStride(kernels) + 4 * width)
        case .five, .six: rows = max(rows, winograd.scaleCount + winograd.wideWords(kernels))
        case .square where shape.isInteger: rows = max(rows, winograd.scaleCount)
        case .square, .row, .column: break
        }
      case .depthwise(let depthwise):
        windowRows = max(windowRows, depthwise.window.height)
        blockRows = max(blockRows, maps[depthwise.output].width)
      case .pool(let pool): windowRows = max(windowRows, pool.window.height)
      case .rowwise(let step):
        let used = [step.first, step.second ?? step.first, step.output].map { maps[$0] }
        floatRow = max(floatRow, used.map { $0.width * $0.channels }.max()!)
      default: break
      }
    }
  }

  /// Whole cache lines.
  private mutating func addRows(_ words: Int, beside: Int = 0) { rowPanel = max(rowPanel, (words + beside + 15) & ~15) }

  /// A stage that runs in turns. The bands of all such stages begin at one place.
  mutating func addTurns(rows: Int, bands words: Int) {
    bands = max(bands, words)
    turnRows = max(turnRows, rows)
    addRows(turnRows, beside: bands)
  }

  private mutating func addImage(
    _ product: ProductStep, _ window: PlacedWindow, _ maps: [FeatureMap], _ kernels: any KernelSet.Type
  ) {
    windowRows = max(windowRows, window.height)
    blockRows = max(blockRows, maps[product.output].width)
    let scales = (kernels.tileRows(.float32) + kernels.vectorWidth - 1) / kernels.vectorWidth * kernels.vectorWidth
    let words = window.imageWords(of: maps[product.input], to: maps[product.output], kernels)
    rows = max(rows, window.height * words + scales)
  }

  private mutating func addStrassen(_ product: ProductStep, _ kernels: any KernelSet.Type) {
    let half = kernels.strassenHalf(of: product.shape.depth)
    addRows(product.blockTiles * 8 * half * product.shape.tileRows, beside: 4 * half * kernels.panelWidth)
    tileSums = max(tileSums, 3 * product.shape.tileRows * kernels.panelWidth)
    blockRows = max(blockRows, product.blockTiles * 2 * product.shape.tileRows)
    if case .depthwise(let window, _) = product.producer { windowRows = max(windowRows, window.height) }
  }
}

extension PlacedWindow {
  /// From the words of one row of an image to those of the next: all values that the windows of a row cover.
  func imageWords(of image: FeatureMap, to output: FeatureMap, _ kernels: any KernelSet.Type) -> Int {
    let columns = (output.width - 1) * strideAcross + reachAcross
    return (columns * image.channels + kernels.vectorWidth - 1) / kernels.vectorWidth * kernels.vectorWidth
  }
}
