/// Inflates deflate streams (RFC 1951) that have Huffman codes but no matches, as our writer makes them of weights.
///
/// zlib decodes one literal at a time, about 340 MB/s of Xception's exponent planes, whose codes have 2.8 bits on average. Here
/// one look-up of 11 bits gives up to six literals at once. Whatever is not such a stream (a match, a block without codes
/// of its own, an incomplete code, an end at another place, any fault) is left to zlib, so that zlib alone says what is wrong.
struct LiteralInflater: ~Copyable {
  private static let indexBits = 11
  private static let indexCount = 1 << indexBits
  /// Below this many bytes, the tables take longer to make than zlib takes to inflate.
  static let leastCount = 4096

  /// By the next bits of the stream, the first symbol: number times 16 plus length; zero where its code is longer.
  private let symbols: UnsafeMutablePointer<UInt16>
  /// By the same bits, the literals that they are: bits 0 to 7 their length, 8 to 15 their count, from 16 the literals.
  private let runs: UnsafeMutablePointer<UInt64>

  init() {
    symbols = .allocate(capacity: Self.indexCount)
    runs = .allocate(capacity: Self.indexCount)
  }

  deinit {
    symbols.deallocate()
    runs.deallocate()
  }

  /// Whether the stream was one that this can inflate, ended with its last byte, and filled the plane exactly; if not,
  /// the plane's bytes have no meaning.
  borrowing func inflate(_ stream: UnsafeRawBufferPointer, into plane: UnsafeMutableRawBufferPointer) -> Bool {
    guard plane.count >= Self.leastCount, stream.count >= 8 else { return false }
    var bits = BitReader(bytes: stream.baseAddress!, end: stream.count)
    var filled = 0
    var isLast = false
    while !isLast {
      bits.refill()
      guard let last = bits.take(1), let kind = bits.take(2), kind == 1 || kind == 2 else { return false }
      isLast = last == 1
      // zlib gives the few symbols that its last block may have the fixed code, which is not worth its tables.
      guard let code = kind == 1 ? .fixed : Self.readCode(from: &bits) else { return false }
      if kind == 2 { makeTables(of: code) }
      guard inflateBlock(&bits, code: code, usesTables: kind == 2, into: plane, from: &filled) else { return false }
    }
    return filled == plane.count && bits.isAtEnd
  }

  private borrowing func inflateBlock(
    _ bits: inout BitReader, code: PrefixCode, usesTables: Bool, into plane: UnsafeMutableRawBufferPointer,
    from filled: inout Int
  ) -> Bool {
    let mask = UInt64(Self.indexCount - 1)
    let start = plane.baseAddress!
    var position = filled
    while true {
      // Four look-ups take 44 bits of at least 56, and write 32 bytes at most.
      while usesTables, bits.hasWord, position + 32 <= plane.count {
        bits.refill()
        var count: UInt64 = 0
        for _ in 0..<4 {
          let run = runs[Int(bits.buffer & mask)]
          start.storeBytes(of: (run >> 16).littleEndian, toByteOffset: position, as: UInt64.self)
          bits.drop(Int(run & 0xff))
          count = run >> 8 & 0xff
          position += Int(count)
          if count == 0 { break }
        }
        if count == 0 { break }
      }
      bits.refill()
      guard let symbol = code.symbol(from: &bits) else { return false }
      if symbol == 256 { break }
      guard symbol < 256, position < plane.count else { return false }
      start.storeBytes(of: UInt8(symbol), toByteOffset: position, as: UInt8.self)
      position += 1
    }
    filled = position
    return true
  }

  private borrowing func makeTables(of code: PrefixCode) {
    symbols.update(repeating: 0, count: Self.indexCount)
    for (symbol, length, bits) in code.codes(upTo: Self.indexBits) {
      for index in stride(from: bits, to: Self.indexCount, by: 1 << length) {
        symbols[index] = UInt16(symbol << 4 | length)
      }
    }
    for index in 0..<Self.indexCount {
      var run: UInt64 = 0
      var length = 0
      var count = 0
      while count < 6 {
        let symbol = Int(symbols[index >> length])
        guard symbol & 15 > 0, length + symbol & 15 <= Self.indexBits, symbol >> 4 < 256 else { break }
        run |= UInt64(symbol >> 4) << (16 + 8 * count)
        length += symbol & 15
        count += 1
      }
      runs[index] = run | UInt64(count << 8 | length)
    }
  }

  /// Reads the codes at the beginning of a block (section 3.2.7); the code of literals, or nil where a code is not complete.
  private static func readCode(from bits: inout BitReader) -> PrefixCode? {
    bits.refill()
    guard let literals = bits.take(5), let distances = bits.take(5), let lengths = bits.take(4) else { return nil }
    let counts = (literals: literals + 257, all: literals + 257 + distances + 1)
    var lengthLengths = [UInt8](repeating: 0, count: 19)
    for index in 0..<lengths + 4 {
      bits.refill()
      guard let length = bits.take(3) else { return nil }
      lengthLengths[[16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15][index]] = UInt8(length)
    }
    guard let lengthCode = PrefixCode(lengthLengths[...]) else { return nil }
    var all: [UInt8] = []
    while all.count < counts.all {
      bits.refill()
      guard let symbol = lengthCode.symbol(from: &bits) else { return nil }
      let (repeated, least, extra): (UInt8, Int, Int)
      switch symbol {
      case 0..<16: (repeated, least, extra) = (UInt8(symbol), 1, 0)
      case 16:
        guard let previous = all.last else { return nil }
        (repeated, least, extra) = (previous, 3, 2)
      case 17: (repeated, least, extra) = (0, 3, 3)
      default: (repeated, least, extra) = (0, 11, 7)
      }
      guard let more = bits.take(extra), all.count + least + more <= counts.all else { return nil }
      all.append(contentsOf: repeatElement(repeated, count: least + more))
    }
    // Codes above 285, or for distances above 29, are not deflate's; a code for distances is checked and not used.
    guard counts.literals <= 286, counts.all - counts.literals <= 30, all[256] > 0,
      PrefixCode(all[counts.literals...]) != nil
    else { return nil }
    return PrefixCode(all[..<counts.literals])
  }
}

/// A complete canonical prefix code with codes of up to 15 bits (section 3.2.2).
private struct PrefixCode {
  /// How many codes have each length.
  private var counts = InlineArray<16, Int>(repeating: 0)
  /// The symbols in the order of their codes.
  private var order: [UInt16] = []

  /// Makes the code from the length of each symbol's code; nil unless every string of bits has a meaning.
  init?(_ lengths: ArraySlice<UInt8>) {
    for length in lengths { counts[Int(length)] += 1 }
    counts[0] = 0
    var unused = 1
    for length in 1...15 {
      unused = unused * 2 - counts[length]
      guard unused >= 0 else { return nil }
    }
    guard unused == 0 else { return nil }
    for length in UInt8(1)...15 {
      for (symbol, own) in lengths.enumerated() where own == length { order.append(UInt16(symbol)) }
    }
  }

  /// The fixed code of literals and lengths (section 3.2.6).
  static let fixed = PrefixCode(
    ([(144, 8), (112, 9), (24, 7), (8, 8)] as [(Int, UInt8)]).flatMap { [UInt8](repeating: $1, count: $0) }[...])

  /// Each symbol with the length of its code and the code as the low bits of the stream have it, shorter codes first.
  func codes(upTo greatest: Int) -> [(symbol: Int, length: Int, bits: Int)] {
    var codes: [(symbol: Int, length: Int, bits: Int)] = []
    codes.reserveCapacity(order.count)
    var code = 0
    for length in 1...greatest {
      for _ in 0..<counts[length] {
        var bits = 0
        for bit in 0..<length where code >> bit & 1 == 1 { bits |= 1 << (length - 1 - bit) }
        codes.append((Int(order[codes.count]), length, bits))
        code += 1
      }
      code <<= 1
    }
    return codes
  }

  /// The next symbol, bit by bit; nil at the end of the stream.
  func symbol(from bits: inout BitReader) -> Int? {
    var code = 0
    var first = 0
    var index = 0
    for length in 1...15 {
      guard let bit = bits.take(1) else { return nil }
      code |= bit
      if code - first < counts[length] { return Int(order[index + code - first]) }
      index += counts[length]
      first = (first + counts[length]) << 1
      code <<= 1
    }
    return nil
  }
}

/// The bits of a stream, lowest first.
private struct BitReader {
  let bytes: UnsafeRawPointer
  let end: Int
  /// The bytes that were moved to the buffer.
  private var position = 0
  private(set) var buffer: UInt64 = 0
  /// The valid bits of the buffer; those above them are zero or the stream's own.
  private var available = 0

  init(bytes: UnsafeRawPointer, end: Int) {
    self.bytes = bytes
    self.end = end
  }

  /// Whether a refill gives at least 56 bits.
  var hasWord: Bool { position + 8 <= end }

  /// Whether what is left are the unused bits of the last byte.
  var isAtEnd: Bool { position - available / 8 == end }

  mutating func refill() {
    if hasWord {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      buffer |= word &<< UInt64(truncatingIfNeeded: available)
      position += (63 - available) >> 3
      available |= 56
    } else {
      while available <= 56, position < end {
        buffer |= UInt64(bytes.load(fromByteOffset: position, as: UInt8.self)) << UInt64(available)
        position += 1
        available += 8
      }
    }
  }

  mutating func drop(_ count: Int) {
    buffer &>>= UInt64(truncatingIfNeeded: count)
    available -= count
  }

  mutating func take(_ count: Int) -> Int? {
    guard count <= available else { return nil }
    defer { drop(count) }
    return Int(buffer & (1 << UInt64(count) - 1))
  }
}
