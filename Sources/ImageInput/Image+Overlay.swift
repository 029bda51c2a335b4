import ModelGraph

/// A grid of values over a picture.
package struct Overlay {
  /// Rows from the top, each of `width` values from 0 to 1.
  package var values: [Float]
  package var width: Int
  package var height: Int
  /// The part of the picture that it covers, in pixels; it may reach beyond the picture.
  package var columns: Range<Double>
  package var rows: Range<Double>

  package init(values: [Float], width: Int, height: Int, columns: Range<Double>, rows: Range<Double>) {
    self.values = values
    self.width = width
    self.height = height
    self.columns = columns
    self.rows = rows
  }
}

extension Preprocessing.Geometry {
  /// The part of an upright picture of so many pixels that the input shows, and where it is padded, what lies around it.
  package func part(
    ofWidth width: Int, height: Int, inputWidth: Int, inputHeight: Int
  ) -> (columns: Range<Double>, rows: Range<Double>) {
    let frame = ResizedFrame(
      geometry: self, imageWidth: width, imageHeight: height, orientation: .upright, width: inputWidth,
      height: inputHeight)
    return (frame.columns.part, frame.rows.part)
  }
}

extension ResizedSide {
  /// What is used of the image and the black around it.
  fileprivate var part: Range<Double> {
    let scale = Double(region.count) / Double(size)
    let start = Double(region.lowerBound)
    return Double(used.lowerBound) * scale + start..<Double(used.upperBound) * scale + start
  }
}

extension Image {
  /// How opaque the overlay is, 0 to 1.
  private static let opacity: Float = 0.55

  /// The picture with a grid laid over it in colors, interpolated between the centers of its cells, and below it the scale of
  /// the colors from 0 to 1. What the grid does not cover stays as it is.
  package func overlaid(with overlay: Overlay) -> Image {
    let scale = ScaleBar(width: width)
    let across = Places(width, over: overlay.columns, cells: overlay.width)
    let down = Places(height, over: overlay.rows, cells: overlay.height)
    var drawn = pixels
    drawn.reserveCapacity((height + scale.height) * width * 3)
    for y in down.covered {
      for x in across.covered {
        let value = overlay.value(across[x], down[y])
        let color = ColorScale.table[Int((value * 255).rounded())]
        let pixel = (y * width + x) * 3
        for channel in 0..<3 {
          let mixed = Float(pixels[pixel + channel]) * (1 - Self.opacity) + color[channel] * Self.opacity
          drawn[pixel + channel] = UInt8(min(max(mixed.rounded(), 0), 255))
        }
      }
    }
    drawn += scale.pixels
    return Image(validWidth: width, height: height + scale.height, pixels: drawn)
  }
}

extension Overlay {
  fileprivate func value(_ x: Places.Place, _ y: Places.Place) -> Float {
    let (above, below) = (y.cell * width, y.next * width)
    let upper = values[above + x.cell] * (1 - x.fraction) + values[above + x.next] * x.fraction
    let lower = values[below + x.cell] * (1 - x.fraction) + values[below + x.next] * x.fraction
    return upper * (1 - y.fraction) + lower * y.fraction
  }
}

/// Where the pixels along one side of a picture lie between the cells of a grid.
private struct Places {
  struct Place {
    var cell: Int
    var next: Int
    var fraction: Float
  }

  /// The pixels whose centers the grid covers.
  let covered: Range<Int>
  private let places: [Place]

  init(_ size: Int, over part: Range<Double>, cells: Int) {
    let first = min(max(Int((part.lowerBound - 0.5).rounded(.up)), 0), size)
    let end = min(max(Int((part.upperBound - 0.5).rounded(.up)), first), size)
    covered = first..<end
    places = (first..<end).map { pixel in
      let along = (Double(pixel) + 0.5 - part.lowerBound) / (part.upperBound - part.lowerBound) * Double(cells) - 0.5
      let inside = min(max(along, 0), Double(cells - 1))
      let cell = Int(inside)
      return Place(cell: cell, next: min(cell + 1, cells - 1), fraction: Float(inside - Double(cell)))
    }
  }

  subscript(pixel: Int) -> Place { places[pixel - covered.lowerBound] }
}

/// A strip as wide as a picture that shows which color stands for which value, with numbers where there is room.
private struct ScaleBar {
  let height: Int
  private(set) var pixels: [UInt8]
  private let width: Int

  init(width: Int) {
    self.width = width
    // The size of a dot: the numbers are 7 dots high.
    let dot = max(1, width / 240)
    height = 11 * dot
    pixels = [UInt8](repeating: 255, count: height * width * 3)
    let margin = width >= 48 ? 9 * dot : 0
    let bar = margin..<width - margin
    for x in bar {
      let color = ColorScale.table[bar.count > 1 ? (x - margin) * 255 / (bar.count - 1) : 255]
      for y in 0..<height { paint(x, y, SIMD3<UInt8>(color.rounded(.toNearestOrEven))) }
    }
    if margin > 0 {
      draw(Self.zero, at: 2 * dot, dot: dot)
      draw(Self.one, at: width - 7 * dot, dot: dot)
    }
  }

  /// Digits of 5 x 7 dots.
  private static let zero = ["01110", "10001", "10001", "10001", "10001", "10001", "01110"]
  private static let one = ["00100", "01100", "00100", "00100", "00100", "00100", "01110"]

  private mutating func draw(_ digit: [String], at left: Int, dot: Int) {
    for (row, dots) in digit.enumerated() {
      for (column, mark) in dots.enumerated() where mark == "1" {
        for y in 0..<dot {
          for x in 0..<dot { paint(left + column * dot + x, (row + 2) * dot + y, [0, 0, 0]) }
        }
      }
    }
  }

  private mutating func paint(_ x: Int, _ y: Int, _ color: SIMD3<UInt8>) {
    for channel in 0..<3 { pixels[(y * width + x) * 3 + channel] = color[channel] }
  }
}
