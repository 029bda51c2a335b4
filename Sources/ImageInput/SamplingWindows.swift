/// For each computed pixel along one side of the upright image, a run of the stored image's pixels and their weights;
/// none, where it is black.
struct SamplingWindows<Weight: Sendable>: Sendable {
  /// The pixel of each run's first weight.
  private(set) var starts: [Int] = []
  /// Where each run's weights are in `weights`; one more than there are runs.
  private(set) var offsets: [Int] = [0]
  private(set) var weights: [Weight] = []
  /// From the pixel of a weight to that of the next: 1, or -1 where the stored image runs the other way.
  private(set) var step = 1

  var count: Int { starts.count }

  /// The pixels of a run.
  func pixels(_ index: Int) -> Range<Int> {
    let length = offsets[index + 1] - offsets[index]
    return step > 0 ? starts[index]..<starts[index] + length : starts[index] - length + 1..<starts[index] + 1
  }

  /// The pixels that all runs together read. The starts and ends of the runs never fall, or never rise.
  var extent: Range<Int> {
    guard count > 0 else { return 0..<0 }
    let (first, last) = (pixels(0), pixels(count - 1))
    return min(first.lowerBound, last.lowerBound)..<max(first.upperBound, last.upperBound)
  }

  /// The most pixels of a run.
  var longest: Int { (0..<count).map { pixels($0).count }.max() ?? 0 }

  /// The computed pixels in the order in which the stored image has theirs.
  var storedOrder: [Int] { step > 0 ? Array(0..<count) : (0..<count).reversed() }

  /// The same, where the stored image of so many pixels runs the other way.
  func reversed(_ isReversed: Bool, size: Int) -> Self {
    guard isReversed else { return self }
    var windows = self
    windows.step = -step
    windows.starts = starts.map { size - 1 - $0 }
    return windows
  }

  /// For each pixel that a side uses, the window of the side's region that it is made of, and the weights in it, less those of
  /// pixels beyond the image: black adds nothing. Where all are, no weight is asked for.
  init(of side: ResizedSide, window: (Int) -> Range<Int>, weights: (Int, Range<Int>) -> [Weight]) {
    let start = side.region.lowerBound
    let image = -start..<side.imageSize - start
    for index in side.used {
      let window =
        (0..<side.size).contains(index) ? window(index) : index < 0 ? 0..<0 : side.region.count..<side.region.count
      let inside = window.clamped(to: image)
      starts.append(inside.lowerBound + start)
      if !inside.isEmpty {
        self.weights += weights(index, window).dropFirst(inside.lowerBound - window.lowerBound).prefix(inside.count)
      }
      offsets.append(self.weights.count)
    }
  }
}
