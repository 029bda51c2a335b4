import XceptionTypes

extension DecodingOptions.Transparency {
  /// RGB pixels made from pixels of red, green, blue and alpha, in the memory of the argument where nothing else uses it.
  func flatten(rgba: consuming [UInt8]) -> [UInt8] {
    switch self {
    case .over(let background): background.composite(rgba: rgba)
    case .ignored: Self.dropAlpha(of: rgba)
    }
  }

  private static func dropAlpha(of rgba: consuming [UInt8]) -> [UInt8] {
    var pixels = rgba
    let count = pixels.count / 4
    for index in 0..<count {
      for channel in 0..<3 { pixels[index * 3 + channel] = pixels[index * 4 + channel] }
    }
    pixels.removeLast(pixels.count - count * 3)
    return pixels
  }
}

extension DecodingOptions.Color {
  /// Lays pixels of red, green, blue and alpha over this color: `(color * alpha + background * (255 - alpha)) / 255`,
  /// rounded to the nearest. Values are taken as they are, without gamma, as Pillow's `alpha_composite` takes them.
  fileprivate func composite(rgba: consuming [UInt8]) -> [UInt8] {
    var pixels = rgba
    let count = pixels.count / 4
    func blend(_ color: UInt8, _ background: UInt8, _ alpha: Int) -> UInt8 {
      UInt8((Int(color) * alpha + Int(background) * (255 - alpha) + 127) / 255)
    }
    for index in 0..<count {
      let alpha = Int(pixels[index * 4 + 3])
      pixels[index * 3] = blend(pixels[index * 4], red, alpha)
      pixels[index * 3 + 1] = blend(pixels[index * 4 + 1], green, alpha)
      pixels[index * 3 + 2] = blend(pixels[index * 4 + 2], blue, alpha)
    }
    pixels.removeLast(pixels.count - count * 3)
    return pixels
  }
}
