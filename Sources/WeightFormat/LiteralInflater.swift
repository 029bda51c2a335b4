/// Inflates planes of four deflate streams (RFC 1951) that have Huffman codes but no matches, as our writer makes them of
/// weights.
///
/// Decoding a stream is a chain of look-ups, each of which waits for the one before to say where the next code begins: 340
/// MB/s with zlib. Four streams are four chains that one core works on at the same time: 1.2 GB/s of Xception's exponent
/// planes, 0.7 GB/s of its int8 weights. Whatever is not such a stream (a match, a block without codes, an incomplete code, an
/// end at another place, any fault) is left to zlib, so that zlib alone says what is wrong.
struct LiteralInflater: ~Copyable {
  /// The literals that are decoded between two looks at the ends of the streams; their codes fit one word.
  private static let groupLength = 5

  private let tables = LiteralTables()

  deinit { tables.deallocate() }

  /// Whether the streams were such as this can inflate, ended with their last bytes, and filled their quarters of the
  /// plane exactly; if not, the plane's bytes have no meaning.
  borrowing func inflate(
    _ streams: InlineArray<4, UnsafeRawBufferPointer>, into plane: UnsafeMutableRawBufferPointer
  ) -> Bool {
    let quarters = Deflate.quarters(of: plane.count)
    let start = unsafe plane.baseAddress!.assumingMemoryBound(to: UInt8.self)
    let (a, b) = unsafe (start + quarters[0].lowerBound, start + quarters[1].lowerBound)
    let (c, d) = unsafe (start + quarters[2].lowerBound, start + quarters[3].lowerBound)
    var s0 = unsafe LiteralStream(streams[0], tables, number: 0)
    var s1 = unsafe LiteralStream(streams[1], tables, number: 1)
    var s2 = unsafe LiteralStream(streams[2], tables, number: 2)
    var s3 = unsafe LiteralStream(streams[3], tables, number: 3)
    guard s0.readHeader(), s1.readHeader(), s2.readHeader(), s3.readHeader() else { return false }
    let group = Self.groupLength
    var index = 0
    while index + group <= quarters[3].count, s0.hasWord, s1.hasWord, s2.hasWord, s3.hasWord {
      var (g0, g1, g2, g3) = (s0.group, s1.group, s2.group, s3.group)
      for place in index..<index &+ group {
        unsafe g0.decode(to: a + place)
        unsafe g1.decode(to: b + place)
        unsafe g2.decode(to: c + place)
        unsafe g3.decode(to: d + place)
      }
      guard unsafe s0.goOn(after: g0, group, a + index), unsafe s1.goOn(after: g1, group, b + index),
        unsafe s2.goOn(after: g2, group, c + index), unsafe s3.goOn(after: g3, group, d + index)
      else { return false }
      index += group
    }
    return unsafe s0.finish(quarters[0].count - index, to: a + index)
      && s1.finish(quarters[1].count - index, to: b + index)
      && s2.finish(quarters[2].count - index, to: c + index) && s3.finish(quarters[3].count - index, to: d + index)
  }
}
