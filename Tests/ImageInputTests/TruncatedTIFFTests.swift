import ImageInput
import ModelGraph
import Testing

/// An uncompressed TIFF file whose directory comes first, so that one that is cut off has it.
struct PlainTIFF: CustomTestStringConvertible, Sendable {
  var name: String
  var photometric: Int
  var bits = 8
  var samples = 1
  var rowsPerStrip = 120
  var isBigEndian = false
  var hasReversedBits = false
  var isPlanar = false
  /// Their width and height; nil for strips.
  var tile: Int?
  let width = 150
  let height = 120

  static let firstColor: [UInt8] = [200, 10, 30]

  static let all: [PlainTIFF] = [
    PlainTIFF(name: "RGB", photometric: 2, samples: 3), PlainTIFF(name: "gray", photometric: 1),
    PlainTIFF(name: "white is zero", photometric: 0), PlainTIFF(name: "bilevel", photometric: 1, bits: 1),
    PlainTIFF(name: "bilevel, reversed bits", photometric: 1, bits: 1, hasReversedBits: true),
    PlainTIFF(name: "palette", photometric: 3), PlainTIFF(name: "palette of 16", photometric: 3, bits: 4),
    PlainTIFF(name: "gray of 16 bits", photometric: 1, bits: 16),
    PlainTIFF(name: "RGB of 16 bits, big-endian", photometric: 2, bits: 16, samples: 3, isBigEndian: true),
    PlainTIFF(name: "CMYK", photometric: 5, samples: 4), PlainTIFF(name: "gray plane", photometric: 1, isPlanar: true),
  ].flatMap { [$0, $0.inStrips(of: 7)] }

  static let inPieces = [
    PlainTIFF(name: "planes", photometric: 2, samples: 3, rowsPerStrip: 7, isPlanar: true),
    PlainTIFF(name: "tiles", photometric: 2, samples: 3, tile: 16),
    PlainTIFF(name: "palette in tiles", photometric: 3, tile: 16),
    PlainTIFF(name: "tiles of 16 bits", photometric: 1, bits: 16, isBigEndian: true, tile: 32),
  ]

  private func inStrips(of rows: Int) -> PlainTIFF {
    var copy = self
    copy.rowsPerStrip = rows
    return copy
  }

  var testDescription: String { "\(name), \(tile.map { "tiles of \($0)" } ?? "strips of \(rowsPerStrip) rows")" }

  var rowBytes: Int { (width * samples * bits + 7) / 8 }

  private func number(_ value: Int, _ size: Int) -> [UInt8] {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    return isBigEndian ? bytes.reversed() : bytes
  }

  /// What strips or tiles hold, in their order.
  private var parts: [[UInt8]] {
    var generator = SplitMix64(seed: 7)
    func noise(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 1...255, using: &generator) } }
    if let tile {
      let across = (width + tile - 1) / tile
      return (0..<across * ((height + tile - 1) / tile)).map { _ in noise(tile * tile * samples * bits / 8) }
    }
    return (0..<(isPlanar ? samples : 1)).flatMap { _ in
      stride(from: 0, to: height, by: rowsPerStrip).map { row in
        noise(min(rowsPerStrip, height - row) * (isPlanar ? rowBytes / samples : rowBytes))
      }
    }
  }

  /// The file, and where its samples start.
  var file: (bytes: [UInt8], start: Int) {
    let parts = parts
    var entries: [(tag: Int, kind: Int, values: [Int])] = [
      (256, 4, [width]), (257, 4, [height]), (258, 3, [Int](repeating: bits, count: samples)), (259, 3, [1]),
      (262, 3, [photometric]), (266, 3, [hasReversedBits ? 2 : 1]), (tile == nil ? 273 : 324, 4, parts.map(\.count)),
      (277, 3, [samples]), (tile == nil ? 279 : 325, 4, parts.map(\.count)), (284, 3, [isPlanar ? 2 : 1]),
    ]
    if tile == nil { entries.append((278, 4, [rowsPerStrip])) }
    if let tile { entries += [(322, 4, [tile]), (323, 4, [tile])] }
    if photometric == 3 {
      let channels = Self.firstColor.map { first in
        (0..<1 << bits).map { $0 == 0 ? Int(first) * 257 : (Int(first) + 3 * $0) % 251 * 257 }
      }
      entries.append((320, 3, channels.flatMap(\.self)))
    }
    entries.sort { $0.tag < $1.tag }
    let directory = 8 + 2 + 12 * entries.count + 4
    let extra = entries.map { $0.values.count * ($0.kind == 3 ? 2 : 4) }.filter { $0 > 4 }.reduce(0, +)
    let start = directory + extra
    var (fields, values): ([UInt8], [UInt8]) = ([], [])
    for entry in entries {
      var contents = entry.values
      if [273, 324].contains(entry.tag) {
        contents = parts.indices.map { index in start + parts[..<index].map(\.count).reduce(0, +) }
      }
      let packed = contents.flatMap { number($0, entry.kind == 3 ? 2 : 4) }
      fields += number(entry.tag, 2) + number(entry.kind, 2) + number(contents.count, 4)
      let padding = [UInt8](repeating: 0, count: max(0, 4 - packed.count))
      fields += packed.count > 4 ? number(directory + values.count, 4) : packed + padding
      if packed.count > 4 { values += packed }
    }
    let head = Array((isBigEndian ? "MM" : "II").utf8) + number(42, 2) + number(8, 4) + number(entries.count, 2)
    return (head + fields + number(0, 4) + values + parts.flatMap(\.self), start)
  }
}

@Suite(.enabled("libtiff is not installed") { FormatCase.readable.contains { $0.name.hasSuffix(".tiff") } })
struct TruncatedTIFFTests {
  private static let tolerant = DecodingOptions(truncated: .accept)

  private func rows(_ image: Image) -> [[UInt8]] {
    (0..<image.height).map { Array(image.pixels[$0 * image.width * 3..<($0 + 1) * image.width * 3]) }
  }

  /// Of a picture that has none of its rows.
  private func blank(_ picture: PlainTIFF) -> [UInt8] {
    let plain = [UInt8](repeating: picture.photometric == 5 ? 255 : 0, count: 3)
    let color = picture.photometric == 3 ? PlainTIFF.firstColor : plain
    return (0..<picture.width).flatMap { _ in color }
  }

  @Test(arguments: PlainTIFF.all, [0, 1, 40, 80, 99])
  func `Of an uncompressed TIFF that is cut off every row that is there is read`(
    picture: PlainTIFF, percent: Int
  ) throws {
    let (bytes, start) = picture.file
    let whole = try Image(decoding: bytes)
    #expect(try Image(decoding: bytes, options: Self.tolerant) == whole)
    let there = picture.height * percent / 100
    let cut = Array(bytes.prefix(start + there * picture.rowBytes + picture.rowBytes / 2))
    #expect(throws: ImageError.self) { try Image(decoding: cut) }
    let found = rows(try Image(decoding: cut, options: Self.tolerant))
    let expected = rows(whole)
    #expect(Set(expected).count > 100)
    for row in 0..<picture.height {
      #expect(found[row] == (row < there ? expected[row] : blank(picture)), "row \(row), \(there) are there")
    }
  }

  @Test(arguments: PlainTIFF.inPieces) func `Of planes and tiles what is there is read`(picture: PlainTIFF) throws {
    let (bytes, start) = picture.file
    let whole = rows(try Image(decoding: bytes))
    #expect(try rows(Image(decoding: bytes, options: Self.tolerant)) == whole)
    let cut = Array(bytes.prefix(start + (bytes.count - start) * 4 / 5))
    let found = rows(try Image(decoding: cut, options: Self.tolerant))
    // All planes of the upper rows, or all tiles of the upper tiles' rows.
    let there = picture.isPlanar ? picture.height / 4 : picture.height / 2
    #expect(Array(found[..<there]) == Array(whole[..<there]))
    // The last of three planes is missing in the lower ones, and then all of the tiles.
    let last = found[picture.height - 1]
    if picture.isPlanar {
      #expect(zip(last, whole[picture.height - 1]).enumerated().allSatisfy { $1.0 == ($0 % 3 == 2 ? 0 : $1.1) })
    } else {
      let (stored, blank) = (whole[picture.height - 1], blank(picture))
      #expect(last.indices.allSatisfy { last[$0] == stored[$0] || last[$0] == blank[$0] })
      #expect(last.suffix(3) == blank.suffix(3) && last != stored)
    }
  }
}
