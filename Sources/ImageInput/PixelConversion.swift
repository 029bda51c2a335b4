/// Makes RGB, or RGBA, of a row of other pixels.
struct PixelConversion {
  let width: Int
  let layout: PixelLayout
  let alpha: DecodingOptions.Alpha

  /// Gray pixels at the start of a row become RGB, in place and therefore from the end.
  func expand(_ row: UnsafeMutablePointer<UInt8>) {
    switch layout {
    case .gray:
      for x in (0..<width).reversed() {
        let gray = unsafe row[x]
        for channel in 0..<3 { unsafe row[x * 3 + channel] = gray }
      }
    case .grayAlpha:
      for x in (0..<width).reversed() {
        let gray = unsafe row[x * 2]
        let shown = unsafe alpha.shown(red: gray, green: gray, blue: gray, alpha: row[x * 2 + 1])
        unsafe write(shown, to: row + x * 3)
      }
    case .rgb, .rgba, .invertedCMYK: break
    }
  }

  /// Pixels of four samples become RGB.
  func narrow(_ wide: UnsafeMutablePointer<UInt8>, into row: UnsafeMutablePointer<UInt8>) {
    let isInk = layout == .invertedCMYK
    for x in 0..<width {
      let pixel = unsafe (wide[x * 4], wide[x * 4 + 1], wide[x * 4 + 2], wide[x * 4 + 3])
      let shown =
        isInk
        ? Self.rgb(ofInvertedCMYK: pixel)
        : alpha.shown(red: pixel.0, green: pixel.1, blue: pixel.2, alpha: pixel.3)
      unsafe write(shown, to: row + x * 3)
    }
  }

  /// Pixels at the start of a row become RGBA, opaque where they have no alpha, in place and therefore from the end.
  func expandWithAlpha(_ row: UnsafeMutablePointer<UInt8>) {
    guard layout != .rgba else { return }
    for x in (0..<width).reversed() {
      let pixel = unsafe row + x * layout.samples
      let color: (UInt8, UInt8, UInt8)
      switch layout {
      case .gray, .grayAlpha: color = unsafe (pixel[0], pixel[0], pixel[0])
      case .rgb, .rgba: color = unsafe (pixel[0], pixel[1], pixel[2])
      case .invertedCMYK: color = Self.rgb(ofInvertedCMYK: unsafe (pixel[0], pixel[1], pixel[2], pixel[3]))
      }
      let alpha = layout == .grayAlpha ? unsafe pixel[1] : 255
      unsafe write(color, to: row + x * 4)
      unsafe row[x * 4 + 3] = alpha
    }
  }

  @inline(__always)
  private func write(_ color: (UInt8, UInt8, UInt8), to pixel: UnsafeMutablePointer<UInt8>) {
    unsafe pixel[0] = color.0
    unsafe pixel[1] = color.1
    unsafe pixel[2] = color.2
  }

  /// `(255 - ink) * (255 - black) / 255` for each color, rounded to the nearest, as Pillow converts.
  ///
  /// JPEG files hold 255 minus the amount of ink, whether they have Adobe's marker or not: Adobe's programs have always
  /// written them so, and Pillow and the browsers read all files that way, since those without the marker mostly lost
  /// it on their way. (The standard's own meaning, which libvips and ImageMagick give to the latter, is rare.) TIFF
  /// files hold the amount of ink.
  @inline(__always)
  private static func rgb(ofInvertedCMYK pixel: (UInt8, UInt8, UInt8, UInt8)) -> (UInt8, UInt8, UInt8) {
    func product(_ value: UInt8) -> UInt8 { UInt8((Int(value) * Int(pixel.3) + 127) / 255) }
    return (product(pixel.0), product(pixel.1), product(pixel.2))
  }
}

extension DecodingOptions.Alpha {
  /// The color that a pixel shows.
  @inline(__always)
  fileprivate func shown(red: UInt8, green: UInt8, blue: UInt8, alpha: UInt8) -> (UInt8, UInt8, UInt8) {
    guard case .over(let background) = self else { return (red, green, blue) }
    let (share, rest) = (Int(alpha), 255 - Int(alpha))
    func blend(_ color: UInt8, _ background: UInt8) -> UInt8 {
      let sum = Int(color) * share + Int(background) * rest
      return UInt8((sum + 127) / 255)
    }
    return (blend(red, background.red), blend(green, background.green), blend(blue, background.blue))
  }
}
