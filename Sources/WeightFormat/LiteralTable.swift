/// A complete canonical prefix code with codes of up to 15 bits (section 3.2.2).
struct PrefixCode {
  /// How many codes have each length.
  fileprivate var counts = InlineArray<16, Int>(repeating: 0)
  /// The symbols in the order of their codes.
  fileprivate var order = InlineArray<288, UInt16>(repeating: 0)

  /// Makes the code from the length of each symbol's code; nil unless every string of bits has a meaning.
  ///
  /// - Precondition: At most 288 lengths, each at most 15.
  init?(_ lengths: Span<UInt8>) {
    for index in lengths.indices { counts[Int(lengths[index])] += 1 }
    counts[0] = 0
    var unused = 1
    var next = InlineArray<16, Int>(repeating: 0)
    for length in 1...15 {
      unused = unused * 2 - counts[length]
      guard unused >= 0 else { return nil }
      if length < 15 { next[length + 1] = next[length] + counts[length] }
    }
    guard unused == 0 else { return nil }
    for index in lengths.indices where lengths[index] > 0 {
      let length = Int(lengths[index])
      order[next[length]] = UInt16(index)
      next[length] += 1
    }
  }
}

/// What the next bits of a stream are, by their value.
///
/// An entry is a literal times 256, plus the length of its code. Below 256 but for zero, it is instead the literal 0; a
/// multiple of 256 is the number of the second table, from 1, that the four bits after the index choose from; zero is
/// any symbol that is no literal.
@safe struct LiteralTable {
  /// With 11 bits, four tables take half of a first-level cache of 32 KiB; less than 1 % of int8 weights have longer codes.
  static let indexBits = 11
  /// Each second table has two codes at least, so there are at most 143.
  static let capacity = 1 << indexBits + 143 << (15 - indexBits)

  private let entries: UnsafeMutablePointer<UInt16>
  /// The code of symbol 256, which ends a block, as the stream has it.
  private(set) var end = (length: 0, code: UInt64(0))

  /// - Parameters:
  ///   - entries: Room for `capacity` of them.
  ///   - indexBits: At most 11, and at least the length of the longest code where it is less.
  init(_ code: borrowing PrefixCode, at entries: UnsafeMutablePointer<UInt16>, indexBits: Int = Self.indexBits) {
    unsafe self.entries = unsafe entries
    let size = 1 << indexBits
    var (bits, index, prefix, second) = (0, 0, -1, size - 1 << (15 - indexBits))
    for length in 1...15 {
      for _ in 0..<code.counts[length] {
        let symbol = code.order[index]
        index += 1
        let entry = symbol < 256 ? symbol << 8 | UInt16(length) : 0
        if symbol == 256 { end = (length, UInt64(bits)) }
        if length <= indexBits {
          for place in stride(from: bits, to: size, by: 1 << length) { unsafe entries[place] = entry }
        } else {
          if bits & (size - 1) != prefix {
            prefix = bits & (size - 1)
            second += 1 << (15 - indexBits)
            assert(second + 1 << (15 - indexBits) <= Self.capacity, "a code has at most 143 second tables")
            unsafe entries[prefix] = UInt16((second - size) >> (15 - indexBits) + 1) << 8
          }
          for place in stride(from: bits >> indexBits, to: 1 << (15 - indexBits), by: 1 << (length - indexBits)) {
            unsafe entries[second + place] = entry
          }
        }
        bits = Self.following(bits, length)
      }
    }
  }

  /// The next code of a length, where the first bit of a code is its lowest.
  private static func following(_ code: Int, _ length: Int) -> Int {
    var code = code
    var bit = 1 << (length - 1)
    while code & bit != 0 {
      code ^= bit
      bit >>= 1
    }
    return code | bit
  }

  @inline(__always)
  func entry(_ word: UInt64) -> UInt64 {
    unsafe UInt64(entries[Int(truncatingIfNeeded: word) & (1 << Self.indexBits - 1)])
  }

  /// The entry of a literal, however long its code is, or zero.
  func wholeEntry(_ word: UInt64) -> UInt64 {
    let entry = entry(word)
    guard entry & 0xff == 0, entry != 0 else { return entry }
    let secondBits = UInt64(15 - Self.indexBits)
    let second = (entry >> 8 &- 1) &<< secondBits | word &>> UInt64(Self.indexBits) & (1 << secondBits - 1)
    return unsafe UInt64(entries[1 << Self.indexBits &+ Int(truncatingIfNeeded: second)])
  }
}

/// The memory of the tables of four streams, and the table of the fixed code (section 3.2.6).
@safe struct LiteralTables {
  private let memory: UnsafeMutablePointer<UInt16>
  let fixed: LiteralTable

  init() {
    unsafe memory = .allocate(capacity: 5 * LiteralTable.capacity)
    var lengths = InlineArray<288, UInt8>(repeating: 8)
    for symbol in 144..<256 { lengths[symbol] = 9 }
    for symbol in 256..<280 { lengths[symbol] = 7 }
    fixed = unsafe LiteralTable(PrefixCode(lengths.span)!, at: memory + 4 * LiteralTable.capacity)
  }

  func entries(_ stream: Int) -> UnsafeMutablePointer<UInt16> { unsafe memory + stream * LiteralTable.capacity }

  func deallocate() { unsafe memory.deallocate() }
}
