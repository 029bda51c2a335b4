/// What comes before the samples of a Netpbm file.
struct NetpbmHeader {
  let format: ImageFormat
  let width: Int
  let height: Int
  /// Samples of a pixel: 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.
  let depth: Int
  /// The largest sample.
  let maximum: Int
  /// Whether samples are decimal numbers in text.
  let isPlain: Bool
  /// Where the samples start in the file.
  let offset: Int
}

extension NetpbmHeader {
  /// Of a PBM (P1, P4), PGM (P2, P5) or PPM (P3, P6) file, by the manual pages pbm(5), pgm(5) and ppm(5).
  init(_ bytes: [UInt8], format: ImageFormat, limits: DecodingOptions.Limits) throws(ImageError) {
    var text = NetpbmText(bytes: bytes, format: format, offset: 2)
    self.format = format
    isPlain = bytes[1] < UInt8(ascii: "4")
    width = try text.number("width", maximum: .max)
    height = try text.number("height", maximum: .max)
    try limits.check(width: width, height: height, format: format, offset: 2)
    depth = format == .ppm ? 3 : 1
    if format == .pbm {
      maximum = 1
    } else {
      maximum = try text.number("largest sample value", maximum: 65_535)
      guard maximum > 0 else {
        throw .malformed(format, offset: text.offset, found: "a largest sample value of 0", expected: "1 to 65535")
      }
    }
    try text.oneSpace(after: format == .pbm ? "height" : "largest sample value")
    offset = text.offset
  }
}

/// PAM: the tuple types of the manual page pam(5), which are black and white, grayscale and RGB, each with or without
/// alpha.
extension NetpbmHeader {
  /// Bytes of a tuple type, whose lines are joined: the known ones are far shorter, and joining any number of lines
  /// would take quadratic time.
  private static let longestTupleType = 64

  private struct Fields {
    var numbers: [String: Int] = [:]
    var tupleType: String?
  }

  /// Of a PAM file (P7).
  init(pam bytes: [UInt8], limits: DecodingOptions.Limits) throws(ImageError) {
    var text = NetpbmText(bytes: bytes, format: .pam, offset: 0)
    let magic = try text.line("the line P7")
    guard magic.dropFirst(2).allSatisfy(\.isNetpbmSpace) else {
      throw .malformed(.pam, offset: 2, found: "more on the first line", expected: "P7 alone")
    }
    let fields = try Self.fields(&text)
    let end = text.offset
    func number(_ name: String) throws(ImageError) -> Int {
      guard let number = fields.numbers[name] else {
        throw .malformed(.pam, offset: end, found: "no \(name) before ENDHDR", expected: "a line \(name)")
      }
      return number
    }
    format = .pam
    isPlain = false
    width = try number("WIDTH")
    height = try number("HEIGHT")
    depth = try number("DEPTH")
    maximum = try number("MAXVAL")
    offset = end
    try limits.check(width: width, height: height, format: .pam, offset: end)
    try check(tupleType: fields.tupleType)
  }

  private static func fields(_ text: inout NetpbmText) throws(ImageError) -> Fields {
    var fields = Fields()
    while true {
      let start = text.offset
      let line = try text.line("ENDHDR")
      let words = line.split { $0.isNetpbmSpace }
      guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
      let name = String(decoding: first, as: UTF8.self)
      switch name {
      case "ENDHDR":
        return fields
      case "TUPLTYPE":
        let type = words.dropFirst().map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        let joined = fields.tupleType.map { $0 + " " + type } ?? type
        guard joined.utf8.count <= longestTupleType else {
          throw .malformed(
            .pam, offset: start, found: "a TUPLTYPE of \(joined.utf8.count) bytes",
            expected: "at most \(longestTupleType)")
        }
        fields.tupleType = joined
      case "WIDTH", "HEIGHT", "DEPTH", "MAXVAL":
        guard fields.numbers[name] == nil else {
          throw .malformed(.pam, offset: start, found: "a second \(name)", expected: "one")
        }
        guard words.count == 2, words[1].allSatisfy({ $0.decimalDigit != nil }),
          let number = Int(String(decoding: words[1], as: UTF8.self)), number > 0
        else {
          throw .malformed(
            .pam, offset: start, found: "the line \(String(decoding: line.prefix(40), as: UTF8.self))",
            expected: "\(name) and a positive number")
        }
        fields.numbers[name] = number
      default:
        throw .malformed(
          .pam, offset: start, found: "the line \(String(decoding: line.prefix(40), as: UTF8.self))",
          expected: "WIDTH, HEIGHT, DEPTH, MAXVAL, TUPLTYPE or ENDHDR")
      }
    }
  }

  private func check(tupleType: String?) throws(ImageError) {
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
