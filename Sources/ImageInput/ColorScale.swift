/// Colors for values from 0 to 1: matplotlib's "inferno" (Smith and van der Walt, CC0), which grows brighter evenly and
/// stays readable in gray and for color-blind people.
enum ColorScale {
  /// At every eighth, linear in between.
  private static let stops: [SIMD3<Float>] = [
    [0, 0, 4], [31, 12, 72], [85, 15, 109], [136, 34, 106], [186, 54, 85], [227, 89, 51], [249, 140, 10],
    [249, 201, 50],
    [252, 255, 164],
  ]

  /// For as many values as a byte has.
  static let table: [SIMD3<Float>] = (0..<256).map { index in
    let place = Float(index) / 255 * Float(stops.count - 1)
    let stop = min(Int(place), stops.count - 2)
    return stops[stop] + (stops[stop + 1] - stops[stop]) * (place - Float(stop))
  }
}
