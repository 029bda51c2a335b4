import Kernels
import ModelGraph

extension MemberRun {
  /// Rows of two maps, or of a map and one pixel's values.
  func run(_ step: BinaryStep, rows: Range<Int>) {
    let output = maps[step.output]
    let repeats = step.repeatsFirst || step.repeatsSecond
    for y in rows {
      func side(_ map: FeatureMap, isRepeated: Bool) -> BinaryRun.Side {
        unsafe BinaryRun.Side(
          row(isRepeated ? 0 : y, of: map).reading((isRepeated ? 1 : map.width) * map.pixelStride),
          stride: isRepeated ? 0 : map.pixelStride, element: map.element)
      }
      unsafe kernels.combine(
        BinaryRun(
          step.function, first: side(maps[step.first], isRepeated: step.repeatsFirst),
          second: side(maps[step.second], isRepeated: step.repeatsSecond),
          output: row(y, of: output).writing(output.width * output.pixelStride),
          element: output.element, words: repeats ? output.pixelStride : output.width * output.pixelStride,
          pixels: repeats ? output.width : 1))
    }
  }

  /// Rows of a map inside a border of zeros.
  func pad(_ map: FeatureMap, _ output: FeatureMap, top: Int, left: Int, _ rows: Range<Int>) {
    let stride = output.pixelStride
    for y in rows {
      let words = row(y, of: output)
      guard y >= top, y < top + map.height else {
        words.update(repeating: 0, count: output.width * stride)
        continue
      }
      words.update(repeating: 0, count: left * stride)
      (words + left * stride).update(from: row(y - top, of: map), count: map.width * stride)
      let end = left + map.width
      (words + end * stride).update(repeating: 0, count: (output.width - end) * stride)
    }
  }

  /// Rows of a part of a map.
  func slice(_ map: FeatureMap, _ output: FeatureMap, _ part: Slice, _ rows: Range<Int>) {
    for y in rows {
      let input = row(part.rows.first + y, of: map) + part.columns.first * map.pixelStride
      let target = row(y, of: output)
      for x in 0..<output.width {
        slice(input + x * map.pixelStride, map, target + x * output.pixelStride, output, first: part.channels.first)
      }
    }
  }

  /// The same for one pixel: of packed maps word by word where the range begins at the first channel of a word group,
  /// else value by value.
  private func slice(
    _ input: BoundedPointer<Float>, _ map: FeatureMap, _ target: BoundedPointer<Float>, _ output: FeatureMap,
    first: Int
  ) {
    let count = output.channels
    if map.element == .float32 {
      target.update(from: input + first, count: count)
      (target + count).update(repeating: 0, count: output.pixelStride - count)
      return
    }
    let isWhole = first % panelWidth == 0
    if isWhole { target.update(from: input + first / 2, count: output.pixelStride) }
    let values = input.rebound(to: UInt16.self)
    let halves = target.rebound(to: UInt16.self)
    if !isWhole {
      for channel in 0..<count { halves[packedIndex(of: channel)] = values[packedIndex(of: first + channel)] }
    }
    for channel in count..<2 * output.pixelStride { halves[packedIndex(of: channel)] = 0 }
  }
}
