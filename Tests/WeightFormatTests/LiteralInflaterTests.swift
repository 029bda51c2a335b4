import CZlib
import ModelGraph
import Testing

@testable import WeightFormat

@Suite("Inflating literals without zlib")
struct LiteralInflaterTests {
  /// Bytes of many distributions: from one value to all equally likely.
  private static let planes: [[UInt8]] = {
    var planes: [[UInt8]] = []
    var generator = SplitMix64(seed: 1)
    for spread in [1, 2, 5, 12, 40, 255] {
      for count in [FormatConstants.leastQuarteredPlane, 20011, 160037] {
        planes.append(
          (0..<count).map { _ in
            // Each bit that is zero halves the chance of a greater value.
            let value = (~generator.next()).trailingZeroBitCount * spread / 8 + Int(generator.next() % UInt64(spread))
            return UInt8(truncatingIfNeeded: value)
          })
      }
    }
    return planes + [allLengths]
  }()

  /// Quarters in which value n is as frequent as the n-th Fibonacci number: codes of 1 to 15 bits.
  private static let allLengths: [UInt8] = {
    var frequencies = [1, 1]
    while frequencies.count < 20 { frequencies.append(frequencies.suffix(2).reduce(0, +)) }
    let values = frequencies.enumerated().flatMap { [UInt8](repeating: UInt8($0), count: $1) }
    var generator = SplitMix64(seed: 3)
    return (0..<4).flatMap { _ in
      var quarter = values
      for index in stride(from: quarter.count - 1, to: 0, by: -1) {
        quarter.swapAt(index, Int(generator.next() % UInt64(index + 1)))
      }
      return quarter
    }
  }()

  @Test func `Gives zlib's bytes for every distribution and strategy, or leaves the streams to zlib`() {
    for plane in Self.planes {
      for strategy in [Z_HUFFMAN_ONLY, Z_RLE, Z_DEFAULT_STRATEGY, Z_FIXED] {
        let streams = Streams(plane, strategy: strategy)
        let inflated = streams.inflated(count: plane.count)
        #expect(inflated == nil || inflated == plane)
        if strategy == Z_HUFFMAN_ONLY, streams.isCompressed { #expect(inflated != nil, "streams of literals") }
      }
    }
  }

  @Test func `Knows codes of every length`() {
    for greatest in 1...15 {
      // One code of each length from 1 on, and two of the greatest.
      let lengths = (1...greatest).map { UInt8($0) } + [UInt8(greatest)]
      guard let code = PrefixCode(lengths.span) else {
        Issue.record("the code is complete: \(lengths)")
        continue
      }
      let memory = UnsafeMutablePointer<UInt16>.allocate(capacity: LiteralTable.capacity)
      defer { unsafe memory.deallocate() }
      let table = unsafe LiteralTable(code, at: memory)
      for (symbol, length) in lengths.enumerated() {
        // Ones up to a zero, or to the greatest length.
        let bits = symbol < greatest ? UInt64(1) << UInt64(symbol) - 1 : UInt64(1) << UInt64(greatest) - 1
        for word in [bits, bits | UInt64.max << UInt64(length)] {
          #expect(table.wholeEntry(word) == UInt64(symbol << 8) | UInt64(length), "\(greatest), \(symbol)")
        }
      }
      #expect(!Self.isCode(Array(lengths.dropLast())), "incomplete")
      #expect(!Self.isCode(lengths + [UInt8(greatest)]), "more codes than there are")
    }
  }

  private static func isCode(_ lengths: [UInt8]) -> Bool { PrefixCode(lengths.span) != nil }

  @Test
  func `Accepts nothing that zlib refuses: bytes changed, ends cut, bytes added, planes of other lengths`() throws {
    guard let zlib = Inflater() else { throw OutOfMemory() }
    for (plane, number) in [(Self.planes[6], 0), (Self.planes[4], 3), (Self.allLengths, 1), (Self.planes[12], 2)] {
      let valid = Streams(plane, strategy: Z_HUFFMAN_ONLY)
      func expectAgreement(_ stream: [UInt8], count: Int = plane.count) {
        var streams = valid
        streams.streams[number] = stream
        guard let ours = streams.inflated(count: count) else { return }
        let quarters = Deflate.quarters(of: count)
        for index in 0..<4 {
          var theirs = [UInt8](repeating: 0, count: quarters[index].count)
          let fault = unsafe theirs.withUnsafeMutableBytes { theirs in
            unsafe streams.streams[index].withUnsafeBytes { unsafe zlib.inflateWithZlib($0, into: theirs) }
          }
          #expect(fault == nil)
          #expect(theirs == Array(ours[quarters[index]]))
        }
      }
      let stream = valid.streams[number]
      var generator = SplitMix64(seed: 2)
      // The codes are in the first bytes; what changes there changes what all others mean.
      for index in Array(0..<100) + Array(stream.count - 20..<stream.count) {
        var changed = stream
        changed[index] ^= UInt8(truncatingIfNeeded: generator.next() | 1)
        expectAgreement(changed)
      }
      for length in Array(0..<30) + Array(stream.count - 20..<stream.count) {
        expectAgreement(Array(stream[..<length]))
      }
      for added in [[0], stream, [UInt8](repeating: 0, count: 8)] { expectAgreement(stream + added) }
      for count in [plane.count - 1, plane.count + 1, plane.count + 100] { expectAgreement(stream, count: count) }
      for _ in 0..<200 {
        // Random bits behind the beginning of a block with codes of its own, or with the fixed ones.
        var random = (0..<stream.count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        random[0] = random[0] & 0xf8 | (generator.next() & 1 == 0 ? 4 : 2)
        expectAgreement(random)
        var mixed = stream
        mixed.replaceSubrange(60..., with: random[60...])
        expectAgreement(mixed)
      }
    }
  }
}

private struct OutOfMemory: Error {}

/// The streams of a plane's quarters.
private struct Streams {
  var streams: [[UInt8]]
  private var count: Int

  init(_ plane: [UInt8], strategy: Int32) {
    let quarters = Deflate.quarters(of: plane.count)
    streams = (0..<4).map { index in
      unsafe Array(plane[quarters[index]]).withUnsafeBytes { unsafe Deflate.compressed($0, strategy: strategy) }
    }
    count = plane.count
  }

  /// Whether none is stored as it is.
  var isCompressed: Bool { streams.allSatisfy { $0.count < count / 4 * 7 / 8 } }

  /// What `LiteralInflater` makes of them, with the bytes around the plane looked at.
  func inflated(count: Int) -> [UInt8]? {
    let fence = 64
    let inflater = LiteralInflater()
    var memory = [UInt8](repeating: 0xaa, count: count + 2 * fence)
    var isDone = false
    unsafe memory.withUnsafeMutableBytes { memory in
      // Copies whose ends are those of their allocations.
      let copies = unsafe InlineArray<4, UnsafeMutableRawBufferPointer> { index in
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: streams[index].count, alignment: 1)
        unsafe copy.copyBytes(from: streams[index])
        return unsafe copy
      }
      let bytes = unsafe InlineArray<4, UnsafeRawBufferPointer> { unsafe UnsafeRawBufferPointer(copies[$0]) }
      isDone = unsafe inflater.inflate(
        bytes, into: UnsafeMutableRawBufferPointer(rebasing: memory[fence..<fence + count]))
      for index in 0..<4 { unsafe copies[index].deallocate() }
    }
    #expect(memory[..<fence].allSatisfy { $0 == 0xaa } && memory[(fence + count)...].allSatisfy { $0 == 0xaa })
    return isDone ? Array(memory[fence..<fence + count]) : nil
  }
}
