import CZlib
import ModelGraph
import Testing

@testable import WeightFormat

@Suite("Inflating literals without zlib")
struct LiteralInflaterTests {
  /// Bytes of many distributions: from one value to all equally likely, so codes of 1 to 15 bits.
  private static let planes: [[UInt8]] = {
    var planes: [[UInt8]] = []
    var generator = SplitMix64(seed: 1)
    for spread in [1, 2, 5, 12, 40, 255] {
      for count in [LiteralInflater.leastCount, 5003, 40009] {
        planes.append(
          (0..<count).map { _ in
            // Each bit that is zero halves the chance of a greater value.
            let value = (~generator.next()).trailingZeroBitCount * spread / 8 + Int(generator.next() % UInt64(spread))
            return UInt8(truncatingIfNeeded: value)
          })
      }
    }
    return planes
  }()

  @Test("Gives zlib's bytes for every distribution and strategy, or leaves the stream to zlib")
  func agreement() {
    let inflater = LiteralInflater()
    for plane in Self.planes {
      for strategy in [Z_HUFFMAN_ONLY, Z_RLE, Z_DEFAULT_STRATEGY, Z_FIXED] {
        let stream = Deflate.compressed(plane, strategy: strategy)
        var inflated = [UInt8](repeating: 0xaa, count: plane.count)
        let isDone = inflated.withUnsafeMutableBytes { plane in
          stream.withUnsafeBytes { inflater.inflate($0, into: plane) }
        }
        #expect(!isDone || inflated == plane)
        if strategy == Z_HUFFMAN_ONLY, stream.count < plane.count * 7 / 8 { #expect(isDone, "a stream of literals") }
      }
    }
  }

  @Test("Accepts nothing that zlib refuses: any byte changed, ends cut, bytes added, planes of other lengths")
  func damage() throws {
    let literals = LiteralInflater()
    guard let zlib = Inflater() else { throw OutOfMemory() }
    let plane = Self.planes[6]
    let valid = Deflate.compressed(plane, strategy: Z_HUFFMAN_ONLY)
    func expectAgreement(_ stream: [UInt8], count: Int) {
      var ours = [UInt8](repeating: 0, count: count)
      var theirs = ours
      let isDone = ours.withUnsafeMutableBytes { ours in stream.withUnsafeBytes { literals.inflate($0, into: ours) } }
      let fault = theirs.withUnsafeMutableBytes { theirs in
        stream.withUnsafeBytes { zlib.inflateWithZlib($0, into: theirs) }
      }
      if isDone {
        #expect(fault == nil)
        #expect(ours == theirs)
      }
    }
    var generator = SplitMix64(seed: 2)
    for index in Array(0..<60) + Array(valid.count - 20..<valid.count) {
      var stream = valid
      stream[index] ^= UInt8(truncatingIfNeeded: generator.next() | 1)
      expectAgreement(stream, count: plane.count)
    }
    for stream in [Array(valid.dropLast()), valid + [0], Array(valid.dropLast(9)), valid + valid] {
      expectAgreement(stream, count: plane.count)
    }
    for count in [plane.count - 1, plane.count + 1, plane.count + 100] { expectAgreement(valid, count: count) }
  }
}

private struct OutOfMemory: Error {}

extension Deflate {
  fileprivate static func compressed(_ plane: [UInt8], strategy: Int32) -> [UInt8] {
    plane.withUnsafeBytes { compressed($0, strategy: strategy) }
  }
}
