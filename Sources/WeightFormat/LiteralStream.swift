/// A deflate stream of literals, while it is decoded.
@safe struct LiteralStream {
  private let bytes: UnsafeRawPointer
  private let count: Int
  private let tables: LiteralTables
  private let number: Int
  /// That of the block that is decoded.
  private var table: LiteralTable
  private var isLast = false
  /// In bits.
  private var position = 0

  init(_ stream: UnsafeRawBufferPointer, _ tables: LiteralTables, number: Int) {
    unsafe bytes = stream.baseAddress!
    count = stream.count
    self.tables = tables
    self.number = number
    table = tables.fixed
  }

  private var isWithinStream: Bool { position <= 8 * count }

  /// Whether the next eight bytes are the stream's.
  @inline(__always)
  var hasWord: Bool { position &>> 3 &+ 8 <= count }

  /// The next bits, at least 57, lowest first, where there are as many.
  @inline(__always)
  var word: UInt64 {
    assert(hasWord, "the word is the stream's")
    let bits = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position &>> 3, as: UInt64.self))
    return bits &>> UInt64(truncatingIfNeeded: position & 7)
  }

  /// The next bits, with zeros after the stream's end.
  private var paddedWord: UInt64 {
    if hasWord { return word }
    var bits: UInt64 = 0
    for (index, place) in (min(position >> 3, count)..<count).enumerated() {
      unsafe bits |= UInt64(bytes.load(fromByteOffset: place, as: UInt8.self)) << UInt64(8 * index)
    }
    return bits >> UInt64(position & 7)
  }

  /// A group of literals from the next bits.
  @inline(__always)
  var group: LiteralGroup { LiteralGroup(table: table, word: word) }

  /// Goes on after a group that was decoded, or decodes it again where it did not end.
  @inline(__always)
  mutating func goOn(
    after group: borrowing LiteralGroup, _ literals: Int, _ output: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    guard group.entry & 0xff != 0 else { return unsafe decode(literals, to: output) }
    position &+= Int(truncatingIfNeeded: group.sum & 0xff)
    return true
  }

  /// Decodes literals, of this block and of those after it; false where there are none or the stream ends.
  @inline(never)
  mutating func decode(_ literals: Int, to output: UnsafeMutablePointer<UInt8>) -> Bool {
    var output = unsafe output
    let end = unsafe output + literals
    while unsafe output < end {
      var word = paddedWord
      // Where the third code ends is within the word, however long the three are.
      for _ in unsafe 0..<min(3, end - output) {
        let entry = table.wholeEntry(word)
        if entry == 0 {
          guard !isLast, endBlock(word), readHeader() else { return false }
          break
        }
        word &>>= entry
        position &+= Int(truncatingIfNeeded: entry & 0xff)
        unsafe output.pointee = UInt8(truncatingIfNeeded: entry >> 8)
        unsafe output += 1
      }
    }
    return isWithinStream
  }

  /// Decodes the last literals; whether the stream ends after them and with its last byte.
  mutating func finish(_ literals: Int, to output: UnsafeMutablePointer<UInt8>) -> Bool {
    guard unsafe decode(literals, to: output) else { return false }
    while true {
      guard endBlock(paddedWord) else { return false }
      if isLast { return (position + 7) / 8 == count }
      guard readHeader() else { return false }
    }
  }

  /// Takes the code that ends the block, if it is the next.
  private mutating func endBlock(_ word: UInt64) -> Bool {
    guard word & (1 << UInt64(table.end.length) - 1) == table.end.code else { return false }
    position += table.end.length
    return true
  }

  /// Reads the beginning of a block (section 3.2.3); false where it has no codes, or one is not complete.
  mutating func readHeader() -> Bool {
    isLast = take(1) == 1
    switch take(2) {
    case 1: table = tables.fixed
    case 2:
      guard let codes = readCodes() else { return false }
      table = codes
    default: return false
    }
    return isWithinStream
  }

  /// Reads the codes of a block (section 3.2.7); that of literals.
  private mutating func readCodes() -> LiteralTable? {
    let (literals, distances, lengths) = (take(5) + 257, take(5) + 1, take(4) + 4)
    // Codes above 285, or for distances above 29, are not deflate's.
    guard literals <= 286, distances <= 30 else { return nil }
    var lengthLengths = InlineArray<19, UInt8>(repeating: 0)
    let order: InlineArray<19, Int> = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    for index in 0..<lengths { lengthLengths[order[index]] = UInt8(take(3)) }
    let memory = unsafe tables.entries(number)
    guard let code = PrefixCode(lengthLengths.span) else { return nil }
    let lengthTable = unsafe LiteralTable(code, at: memory, indexBits: 7)
    var all = InlineArray<320, UInt8>(repeating: 0)
    var done = 0
    while done < literals + distances {
      let entry = lengthTable.entry(paddedWord & 0x7f)
      position += Int(entry & 0xff)
      let (repeated, times): (UInt8, Int)
      switch entry >> 8 {
      case 16:
        guard done > 0 else { return nil }
        (repeated, times) = (all[done - 1], 3 + take(2))
      case 17: (repeated, times) = (0, 3 + take(3))
      case 18: (repeated, times) = (0, 11 + take(7))
      case let length: (repeated, times) = (UInt8(length), 1)
      }
      guard done + times <= literals + distances, isWithinStream else { return nil }
      for index in done..<done + times { all[index] = repeated }
      done += times
    }
    // The code of distances is checked and not used.
    let span = all.span
    guard all[256] > 0, PrefixCode(span.extracting(literals..<literals + distances)) != nil,
      let code = PrefixCode(span.extracting(0..<literals))
    else { return nil }
    return unsafe LiteralTable(code, at: memory)
  }

  /// The next bits as a number.
  private mutating func take(_ bits: Int) -> Int {
    defer { position += bits }
    return Int(paddedWord & (1 << UInt64(bits) - 1))
  }
}

/// The literals of one word of a stream.
struct LiteralGroup {
  let table: LiteralTable
  var word: UInt64
  /// That of the last literal. Without a length it stays the next one, so the last one speaks for all.
  var entry: UInt64 = 0
  var sum: UInt64 = 0

  @inline(__always)
  mutating func decode(to output: UnsafeMutablePointer<UInt8>) {
    entry = table.entry(word)
    // A shift takes the lowest six bits only, which are the code's length.
    word &>>= entry
    sum &+= entry
    unsafe output.pointee = UInt8(truncatingIfNeeded: entry &>> 8)
  }
}
