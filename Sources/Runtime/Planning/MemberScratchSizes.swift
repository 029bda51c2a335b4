import Kernels

/// The sizes of the parts of one thread's scratch memory, in words; the parts follow each other, but for those that only some
/// steps use beside the row panel, which share their memory with longer row panels.
struct MemberScratchSizes {
  /// The packed rows of a block: of any step, of Winograd's, of Strassen's, and of those that run in turns.
  var rowPanel = 0
  var winogradPanel = 0
  var strassenPanel = 0
  var turnPanel = 0
  /// A tile of gathered pixels.
  var line = 0
  /// The scaled pixels of a part of a packed map's row.
  var scaled = 0
  /// Neighbouring pixels whose values are to become integers.
  var rows = 0
  /// A band of a map as bytes, behind its scale.
  var bytes = 0
  /// The products of one tile of Strassen's, or of two tiles of matrix registers.
  var tileSums = 0
  /// Beside Winograd's row panel: the products of its windows.
  var windowSums = 0
  /// Beside Strassen's row panel: the sums of weights.
  var factors = 0
  /// Beside the row panel of steps that run in turns: the values that exist within one stage only.
  var bands = 0
  /// A row of a map as floats; there are three, two that are read and one that is made.
  var floatRow = 0
  /// The rows of a block; there are three lists of offsets for them.
  var blockRows = 0
  /// The rows of the tallest window.
  var windowRows = 8

  /// Of the row panel and what lies beside it.
  var panelAndBeside: Int {
    let padded = Scratch.padded
    return max(
      padded(rowPanel), padded(winogradPanel) + padded(windowSums), padded(strassenPanel) + padded(factors),
      padded(turnPanel) + padded(bands))
  }

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
        rowPanel = max(rowPanel, product.blockTiles * product.shape.tileStride(kernels))
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
        winogradPanel = max(winogradPanel, tiles * points * shape.tileStride(kernels))
        windowSums = max(windowSums, points * winograd.blockWindows * kernels.panelWidth)
        blockRows = max(blockRows, winograd.blockWindows, points)
        if shape.arithmetic == .int16 { rows = max(rows, points * shape.lineStride(kernels) + 2 * width) }
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
    strassenPanel = max(strassenPanel, product.blockTiles * 8 * half * product.shape.tileRows)
    factors = max(factors, 4 * half * kernels.panelWidth)
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
