import ImageInput
import ModelGraph
import TestSupport
import Testing

/// A JPEG file of one gray color and any size, in a few bytes: each Huffman table has one code, of one 0 bit, which says
/// that nothing changes in a block, so that all image data are zeros.
private struct PlainJPEG {
  let width: Int
  let height: Int
  let isProgressive: Bool

  private func segment(_ type: UInt8, _ contents: [UInt8]) -> [UInt8] {
    [0xff, type] + word(contents.count + 2) + contents
  }

  private func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }

  /// Of the components from `first`, with one bit for each code.
  private func scan(_ components: ClosedRange<UInt8>, coefficients: ClosedRange<UInt8>, codes: Int) -> [UInt8] {
    let list: [UInt8] = components.flatMap { [$0, 0] }
    let header = [UInt8(components.count)] + list + [coefficients.lowerBound, coefficients.upperBound, 0]
    return segment(0xda, header) + [UInt8](repeating: 0, count: (codes + 7) / 8)
  }

  /// Three components of full size.
  var bytes: [UInt8] {
    let tables: [UInt8] = [0, 1].flatMap { (table: UInt8) in segment(0xdb, [table] + [UInt8](repeating: 1, count: 64)) }
    let codes: [UInt8] = [0x00, 0x10].flatMap { (table: UInt8) in
      segment(0xc4, [table, 1] + [UInt8](repeating: 0, count: 16))
    }
    let frame: [UInt8] = [8] + word(height) + word(width) + [3] + (UInt8(1)...3).flatMap { [$0, 0x11, 0] as [UInt8] }
    let blocks = ((width + 7) / 8) * ((height + 7) / 8)
    let scans: [UInt8] =
      isProgressive
      ? scan(1...3, coefficients: 0...0, codes: blocks * 3)
        + (UInt8(1)...3).flatMap { scan($0...$0, coefficients: 1...63, codes: blocks) }
      : scan(1...3, coefficients: 0...63, codes: blocks * 6)
    return [0xff, 0xd8] + tables + segment(isProgressive ? 0xc2 : 0xc0, frame) + codes + scans + [0xff, 0xd9]
  }
}

@Suite(.enabled(if: AllocationCounter.isAvailable, "the allocations of this platform cannot be counted"))
struct DecodingMemoryTests {
  private func peak(_ jpeg: PlainJPEG) throws -> Int {
    let bytes = jpeg.bytes
    let preprocessing = Preprocessing(
      filter: .bilinear, antialias: true, geometry: .stretch, divisor: 1, mean: [0, 0, 0], standardDeviation: [1, 1, 1])
    let preprocessor = try Preprocessor(
      preprocessing: preprocessing, inputShape: .map(height: 64, width: 64, channels: 3))
    var values: [Float] = []
    let peak = try AllocationCounter.peakBytes { values = try preprocessor.input(decoding: bytes).values }
    #expect(values == [Float](repeating: 128, count: 64 * 64 * 3))
    return peak
  }

  @Test func `A JPEG takes the memory of a few of its rows, however many there are`() throws {
    let width = 4000
    let (low, high) = (
      try peak(PlainJPEG(width: width, height: 400, isProgressive: false)),
      try peak(PlainJPEG(width: width, height: 1600, isProgressive: false))
    )
    #expect(low > width * 3 && high < low + 100_000)
    // Of the 15 MB that a photo of 12,000 columns takes, a third.
    #expect(high < 5_000_000, "\(high) bytes")
  }

  @Test func `The center of a long strip takes no memory for what is left out beside it`() throws {
    let bytes = Array("P6 4000 1 255\n".utf8) + [UInt8](repeating: 9, count: 4000 * 3)
    let preprocessor = try Preprocessor(
      preprocessing: Preprocessing(
        filter: .nearest, antialias: false, geometry: .centerCrop(shorterSide: 1024), divisor: 1, mean: [0, 0, 0],
        standardDeviation: [1, 1, 1]), inputShape: .map(height: 64, width: 64, channels: 3))
    // Of 4 million pixels beside each other, 64 are used.
    let peak = try AllocationCounter.peakBytes { _ = try preprocessor.input(decoding: bytes) }
    #expect(peak < 1_000_000, "\(peak) bytes")
  }

  @Test func `A progressive JPEG takes at most 6 bytes a pixel besides`() throws {
    let (width, height) = (1600, 1200)
    let rows = try peak(PlainJPEG(width: width, height: height, isProgressive: false))
    let peak = try peak(PlainJPEG(width: width, height: height, isProgressive: true))
    // Two bytes for each coefficient of three components: the measure itself is right.
    #expect(peak > width * height * 59 / 10)
    #expect(peak <= rows + width * height * 6 + 500_000, "\(peak) bytes")
  }
}
