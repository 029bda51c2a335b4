import ImageInput
import ModelGraph
import TestSupport
import Testing

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
