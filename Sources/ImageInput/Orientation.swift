/// How a stored image must be turned to stand upright: the values of the EXIF tag Orientation (CIPA DC-008, 4.6.4).
enum Orientation: Int, CaseIterable {
  case upright = 1
  case mirroredHorizontally, turnedAround, mirroredVertically, transposed, turnedClockwise, transversed,
    turnedCounterclockwise

  /// Whether rows of the upright image are columns of the stored one.
  var isSideways: Bool { rawValue >= Self.transposed.rawValue }

  /// Whether columns of the upright image, from left to right, run against the stored image's columns or rows.
  var reversesColumns: Bool {
    [.mirroredHorizontally, .turnedAround, .turnedClockwise, .transversed].contains(self)
  }

  /// Whether rows of the upright image, from top to bottom, run against the stored image's rows or columns.
  var reversesRows: Bool {
    [.turnedAround, .mirroredVertically, .transversed, .turnedCounterclockwise].contains(self)
  }
}

extension Orientation {
  /// Reads the tag from an EXIF block, which is a TIFF file of either byte order, with or without the name that starts
  /// the block in a JPEG. A damaged block counts as none, as for Pillow.
  init(exif: ArraySlice<UInt8>) {
    let name = [UInt8](ascii: "Exif\0\0")
    let block = exif.starts(with: name) ? exif.dropFirst(name.count) : exif
    self = Self.value(in: block).flatMap(Self.init(rawValue:)) ?? .upright
  }

  private static func value(in exif: ArraySlice<UInt8>) -> Int? {
    let isLittleEndian = exif.starts(with: [UInt8](ascii: "II*\0"))
    guard isLittleEndian || exif.starts(with: [UInt8](ascii: "MM\0*")) else { return nil }
    func number(at offset: Int, size: Int) -> Int? {
      guard offset <= exif.count - size else { return nil }
      let bytes = exif.dropFirst(offset).prefix(size)
      return isLittleEndian ? bytes.reversed().reduce(0) { $0 << 8 | Int($1) } : bytes.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(at: 4, size: 4), let count = number(at: directory, size: 2) else { return nil }
    for index in 0..<count {
      let entry = directory + 2 + index * 12
      guard let tag = number(at: entry, size: 2) else { return nil }
      guard tag == 0x0112 else { continue }
      let (byte, short, long) = (1, 3, 4)
      switch number(at: entry + 2, size: 2) {
      case byte: return number(at: entry + 8, size: 1)
      case short: return number(at: entry + 8, size: 2)
      case long: return number(at: entry + 8, size: 4)
      default: return nil
      }
    }
    return nil
  }
}

extension Image {
  /// A stored image with this orientation, turned upright.
  func oriented(_ orientation: Orientation) -> Image {
    // The pixel (x, y) of the result is at origin + x * right + y * down of the stored image.
    let (last, bottom) = (width - 1, (height - 1) * width)
    let (origin, right, down) =
      switch orientation {
      case .upright: (0, 1, width)
      case .mirroredHorizontally: (last, -1, width)
      case .turnedAround: (bottom + last, -1, -width)
      case .mirroredVertically: (bottom, 1, -width)
      case .transposed: (0, width, 1)
      case .turnedClockwise: (bottom, -width, 1)
      case .transversed: (bottom + last, -width, -1)
      case .turnedCounterclockwise: (last, width, -1)
      }
    guard orientation != .upright else { return self }
    let (newWidth, newHeight) = orientation.isSideways ? (height, width) : (width, height)
    var turned: [UInt8] = []
    turned.reserveCapacity(pixels.count)
    for y in 0..<newHeight {
      var place = (origin + y * down) * 3
      for _ in 0..<newWidth {
        turned.append(pixels[place])
        turned.append(pixels[place + 1])
        turned.append(pixels[place + 2])
        place += right * 3
      }
    }
    return Image(validWidth: newWidth, height: newHeight, pixels: turned)
  }
}
