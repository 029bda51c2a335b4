import Kernels
import ModelGraph

/// Transforms the kernel of a convolution of 3 x 3 or 5 x 5 into its column panels.
///
/// Its values are read to the end of the panels' own memory, which is 1.3 to eight times as large. Panels are made from the
/// first on while they end before the values; the values of the other columns are then moved together, again to the end. So
/// nothing is held beside the weights but the columns of a few panels: with buffers for whole tensors ResNet152 took 17 MB more.
struct WinogradKernel: Sendable {
  var tensor: Tensor
  var columns: Int
  /// A factor for each column, padded to whole panels.
  var scale: [Float]
  /// Of the products at each of the points.
  var shape: ProductShape
  var tiling: WinogradTiling
  var weights: ColumnWeights
  var kernels: any KernelSet.Type

  /// The panels that are made from one buffer, whose 512 channels then fill a second-level cache of 1 MiB.
  private static let panelsAtOnce = 2

  private var panelWidth: Int { kernels.panelWidth }
  private var panels: Int { (columns + panelWidth - 1) / panelWidth }
  private var points: Int { tiling.points }
  private var panelWords: Int { points * shape.panelWords }
  /// Rows of the tensor: the channels of each tap.
  private var rows: Int { tiling.taps * tiling.taps * shape.channels }

  func pack(into base: BoundedPointer<Float>) throws {
    let wordCount = panels * panelWords
    let memory = unsafe UnsafeMutableRawBufferPointer(
      start: base.part(from: weights.panels, count: wordCount).writing(wordCount),
      count: wordCount * MemoryLayout<Float>.size)
    let size = tensor.elementType.byteCount
    // Where the values of the columns from `first` on are.
    var values = memory.count - rows * columns * size..<memory.count
    try unsafe tensor.copy(to: UnsafeMutableRawBufferPointer(rebasing: memory[values]))
    // With less room than that, no panel of a few would end before the values; 5 x 5 kernels are small.
    let hasRoom = 9 * memory.count >= 16 * values.count
    let width = hasRoom ? min(columns, Self.panelsAtOnce * panelWidth) : columns
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * width) { floats in
      var first = 0
      while first < columns {
        let left = columns - first
        // Panels that end before the values; where none does, all that are left are in the buffer before one is written.
        let free = values.lowerBound / (panelWords * MemoryLayout<Float>.size) - first / panelWidth
        let end = left <= width ? columns : min(first + free * panelWidth, columns)
        assert(end > first, "values are overwritten before they are read")
        for start in stride(from: first, to: end, by: width) {
          let some = start..<min(start + width, end)
          let matrix = unsafe UnsafeRawBufferPointer(rebasing: memory[values])
          unsafe convert(some.lowerBound - first..<some.upperBound - first, of: left, matrix, to: floats.baseAddress!)
          unsafe transform(some, floats.baseAddress!, base)
        }
        unsafe keepLast(columns - end, of: left, UnsafeMutableRawBufferPointer(rebasing: memory[values]))
        values = memory.count - rows * (columns - end) * size..<memory.count
        first = end
      }
    }
  }

  /// Converts some columns of a matrix of stored values to floats, row by row.
  private func convert(
    _ some: Range<Int>, of count: Int, _ matrix: UnsafeRawBufferPointer, to floats: UnsafeMutablePointer<Float>
  ) {
    let size = tensor.elementType.byteCount
    for row in 0..<rows {
      let start = (row * count + some.lowerBound) * size
      unsafe tensor.elementType.convert(
        UnsafeRawBufferPointer(rebasing: matrix[start..<start + some.count * size]), to: floats + row * some.count)
    }
  }

  /// Makes the panels of some columns.
  private func transform(_ some: Range<Int>, _ floats: UnsafePointer<Float>, _ base: BoundedPointer<Float>) {
    let panel = some.lowerBound / panelWidth
    let count = (some.count + panelWidth - 1) / panelWidth
    let factors = shape.isInteger ? points * panelWidth : 0
    let starts = shape.arithmetic == .int8 ? factors : 0
    unsafe scale.withUnsafeBufferPointer { scale in
      unsafe kernels.pack(
        WinogradPacking(
          taps: tiling.taps, points: points, values: floats, channels: shape.channels, columns: some.count,
          scale: scale.baseAddress! + panel * panelWidth,
          panels: (base + (weights.panels + panel * panelWords)).writing(count * panelWords),
          arithmetic: shape.arithmetic,
          columnScales: (base + (weights.scales + panel * factors)).writing(count * factors),
          starts: (base + (weights.starts + panel * starts)).rebound(to: Int32.self).writing(count * starts)))
    }
  }

  /// Moves the last columns of each row together at the end.
  private func keepLast(_ kept: Int, of count: Int, _ matrix: UnsafeMutableRawBufferPointer) {
    let size = tensor.elementType.byteCount
    // From the last row on, so that a row moves to where only rows lay that have been moved.
    for row in (0..<rows).reversed() where kept > 0 {
      let source = ((row + 1) * count - kept) * size
      let target = matrix.count - (rows - row) * kept * size
      unsafe UnsafeMutableRawBufferPointer(rebasing: matrix[target..<target + kept * size])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: matrix[source..<source + kept * size]))
    }
  }
}
