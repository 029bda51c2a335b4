/// Decodes PAM files (P7) of the tuple types of the manual page pam(5): black and white, grayscale and RGB, each with
/// or without alpha.
struct PAMDecoder {
  let bytes: [UInt8]
  let options: DecodingOptions

  /// Bytes of a tuple type, whose lines are joined; those that are known are far shorter, and joining any number of
  /// lines would take time that grows with its square.
  private static let longestTupleType = 64

  private struct Header {
    var numbers: [String: Int] = [:]
    var tupleType: String?
  }

  func image() throws(ImageError) -> Image {
    var text = NetpbmText(bytes: bytes, format: .pam, offset: 0)
    let magic = try text.line("the line P7")
    guard magic.dropFirst(2).allSatisfy(\.isNetpbmSpace) else {
      throw .malformed(.pam, offset: 2, found: "more on the first line", expected: "P7 alone")
    }
    let header = try header(&text)
    let end = text.offset
    func number(_ name: String) throws(ImageError) -> Int {
      guard let number = header.numbers[name] else {
        throw .malformed(.pam, offset: end, found: "no \(name) before ENDHDR", expected: "a line \(name)")
      }
      return number
    }
    let (width, height) = (try number("WIDTH"), try number("HEIGHT"))
    let (depth, maximum) = (try number("DEPTH"), try number("MAXVAL"))
    try options.limits.check(width: width, height: height, format: .pam, offset: end)
    try check(tupleType: header.tupleType, depth: depth, maximum: maximum, offset: end)
    let raster = NetpbmRaster(
      format: .pam, width: width, height: height, depth: depth, scaling: SampleScaling(maximum: maximum), offset: end)
    return Image(
      validWidth: width, height: height,
      pixels: raster.pixels(of: try raster.binarySamples(bytes), options.transparency))
  }

  private func header(_ text: inout NetpbmText) throws(ImageError) -> Header {
    var header = Header()
    while true {
      let start = text.offset
      let line = try text.line("ENDHDR")
      let words = line.split { $0.isNetpbmSpace }
      guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
      let name = String(decoding: first, as: UTF8.self)
      switch name {
      case "ENDHDR":
        return header
      case "TUPLTYPE":
        let type = words.dropFirst().map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        let joined = header.tupleType.map { $0 + " " + type } ?? type
        guard joined.utf8.count <= Self.longestTupleType else {
          throw .malformed(
            .pam, offset: start, found: "a TUPLTYPE of \(joined.utf8.count) bytes",
            expected: "at most \(Self.longestTupleType)")
        }
        header.tupleType = joined
      case "WIDTH", "HEIGHT", "DEPTH", "MAXVAL":
        guard header.numbers[name] == nil else {
          throw .malformed(.pam, offset: start, found: "a second \(name)", expected: "one")
        }
        guard words.count == 2, words[1].allSatisfy({ $0.decimalDigit != nil }),
          let number = Int(String(decoding: words[1], as: UTF8.self)), number > 0
        else {
          throw .malformed(
            .pam, offset: start, found: "the line \(String(decoding: line.prefix(40), as: UTF8.self))",
            expected: "\(name) and a positive number")
        }
        header.numbers[name] = number
      default:
        throw .malformed(
          .pam, offset: start, found: "the line \(String(decoding: line.prefix(40), as: UTF8.self))",
          expected: "WIDTH, HEIGHT, DEPTH, MAXVAL, TUPLTYPE or ENDHDR")
      }
    }
  }

  private func check(tupleType: String?, depth: Int, maximum: Int, offset: Int) throws(ImageError) {
    let depths = [
      "BLACKANDWHITE": 1, "GRAYSCALE": 1, "RGB": 3, "BLACKANDWHITE_ALPHA": 2, "GRAYSCALE_ALPHA": 2, "RGB_ALPHA": 4,
    ]
    guard maximum <= 65_535 else {
      throw .malformed(.pam, offset: offset, found: "MAXVAL \(maximum)", expected: "1 to 65535")
    }
    if let tupleType {
      guard let expected = depths[tupleType] else {
        throw .unsupported(
          .pam, offset: offset, found: "TUPLTYPE \(tupleType)", expected: depths.keys.sorted().joined(separator: ", "))
      }
      guard depth == expected else {
        throw .malformed(.pam, offset: offset, found: "DEPTH \(depth)", expected: "\(expected) for \(tupleType)")
      }
      guard maximum == 1 || !tupleType.hasPrefix("BLACKANDWHITE") else {
        throw .malformed(.pam, offset: offset, found: "MAXVAL \(maximum)", expected: "1 for \(tupleType)")
      }
    } else if depth > 4 {
      throw .unsupported(.pam, offset: offset, found: "DEPTH \(depth) without TUPLTYPE", expected: "1 to 4")
    }
  }
}
