/// The indices of a run-length encoded BMP file: pairs of a count and an index (or two of 4 bits), and escapes that
/// start with 0. Pixels that are skipped keep index 0, as in Pillow.
struct BMPRunLengths {
  private let bytes: [UInt8]
  private let width: Int
  private let height: Int
  /// Whether an index has 4 bits.
  private let isNarrow: Bool
  private var offset: Int
  private var x = 0
  private var y = 0
  /// `width` x `height`, starting with the row that is stored first.
  private(set) var indices: [UInt8]

  init(bytes: [UInt8], header: BMPHeader) {
    self.bytes = bytes
    width = header.width
    height = header.height
    isNarrow = header.bitCount == 4
    offset = header.offset
    indices = [UInt8](repeating: 0, count: width * height)
  }

  private mutating func byte() -> UInt8? {
    guard offset < bytes.count else { return nil }
    defer { offset += 1 }
    return bytes[offset]
  }

  /// Sets a pixel and moves on to the next; what is beyond the row is dropped.
  private mutating func put(_ index: UInt8) {
    if x < width, y < height { indices[y * width + x] = index }
    x += 1
  }

  /// - Returns: whether the file held everything up to the end of the picture.
  mutating func decode() -> Bool {
    while y < height {
      guard let count = byte(), let value = byte() else {
        // Some writers leave out the end mark.
        return y == height - 1 && x >= width
      }
      switch (count, value) {
      case (0, 0):
        x = 0
        y += 1
      case (0, 1): return true
      case (0, 2):
        guard let right = byte(), let up = byte() else { return false }
        x = min(x + Int(right), width)
        y += Int(up)
      case (0, _):
        guard putLiterals(Int(value)) else { return false }
      default:
        for index in 0..<count {
          put(isNarrow ? (index % 2 == 0 ? value >> 4 : value & 15) : value)
        }
      }
    }
    return true
  }

  /// Indices that are stored as they are, padded to an even number of bytes.
  private mutating func putLiterals(_ count: Int) -> Bool {
    let size = isNarrow ? (count + 1) / 2 : count
    for place in 0..<size {
      guard let value = byte() else { return false }
      if isNarrow {
        put(value >> 4)
        if place * 2 + 1 < count { put(value & 15) }
      } else {
        put(value)
      }
    }
    if size % 2 == 1 { offset += 1 }
    return true
  }
}
