import ImageInput
import ModelGraph
import Testing

@Suite struct PreprocessorTests {
  private static let square = Shape.map(height: 2, width: 2, channels: 3)

  private static func ramp() throws -> Image {
    try Image(width: 2, height: 2, pixels: [0, 1, 2, 50, 51, 52, 127, 128, 129, 253, 254, 255])
  }

  @Test func `Keras's scaling is bit for bit x / 127.5 - 1`() throws {
    let input = try Preprocessor(preprocessing: .keras, inputShape: Self.square)(Self.ramp())
    #expect(input == (try Self.ramp().pixels.map { Float($0) / 127.5 - 1 }))
  }

  @Test func `The channels are reversed for a network that wants blue first, with means in its order`() throws {
    for (filter, antialias) in [(Preprocessing.Filter.nearest, false), (.bilinear, false), (.bicubic, true)] {
      let preprocessing = Preprocessing(
        filter: filter, antialias: antialias, geometry: .stretch, channelOrder: .bgr, divisor: 1,
        mean: [103.939, 116.779, 123.68],
        standardDeviation: [1, 2, 4])
      let input = try Preprocessor(preprocessing: preprocessing, inputShape: Self.square)(Self.ramp())
      let expected: [Float] = [52 - 103.939, (51 - 116.779) / 2, (50 - 123.68) / 4]
      #expect(Array(input[3...5]) == expected)
    }
  }

  @Test func `The input is written into the caller's memory`() throws {
    let preprocessor = try Preprocessor(preprocessing: .keras, inputShape: Self.square)
    var input = [Float](repeating: .nan, count: 12)
    try unsafe input.withUnsafeMutableBufferPointer { unsafe preprocessor.write(try Self.ramp(), into: $0) }
    #expect(input == preprocessor(try Self.ramp()))
  }

  @Test func `Contradictions are refused`() {
    func error(_ change: (inout Preprocessing) -> Void, _ shape: Shape = Self.square) -> String? {
      var preprocessing = Preprocessing.keras
      change(&preprocessing)
      return #expect(throws: PreprocessingError.self) {
        try Preprocessor(preprocessing: preprocessing, inputShape: shape)
      }?.property
    }
    #expect(error { $0.divisor = 0 } == "divisor")
    #expect(error { $0.divisor = .nan } == "divisor")
    #expect(error { $0.mean = [1, 1] } == "mean")
    #expect(error { $0.mean[1] = .infinity } == "mean")
    #expect(error { $0.standardDeviation[2] = 0 } == "standardDeviation")
    #expect(error { $0.standardDeviation = [1] } == "standardDeviation")
    #expect(error { $0.geometry = .centerCrop(shorterSide: 1) } == "the shorter side")
    #expect(error { $0.divisor = -255 } == "divisor")
    #expect(error { $0.divisor = 1e-38 } == "divisor")
    #expect(error { $0.standardDeviation[0] = -1 } == "standardDeviation")
    #expect(error { $0.standardDeviation[0] = .leastNonzeroMagnitude } == "standardDeviation")
    #expect(error { $0.geometry = .centerCrop(shorterSide: 16_385) } == "the shorter side")
    #expect(error { $0.geometry = .centerCrop(shorterSide: .max) } == "the shorter side")
    #expect(error({ _ in }, .vector(12)) == "the input's shape")
    #expect(error({ _ in }, .map(height: 2, width: 2, channels: 1)) == "mean")
    #expect(error({ _ in }, .map(height: 2, width: 2, channels: 4)) == "mean")
    #expect(error({ _ in }, .map(height: 2, width: 2, channels: 2)) == "the input's shape")
  }

  @Test func `For an input of one channel pictures become gray as Pillow makes them`() throws {
    let image = try Image(width: 2, height: 2, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 31])
    // Image.convert("L") of Pillow 12.
    let gray: [Float] = [76, 150, 29, 18]
    for (filter, antialias) in [(Preprocessing.Filter.nearest, false), (.bilinear, false), (.bilinear, true)] {
      let preprocessing = Preprocessing(
        filter: filter, antialias: antialias, geometry: .stretch, divisor: 2, mean: [1], standardDeviation: [4])
      let shape = Shape.map(height: 2, width: 2, channels: 1)
      let input = try Preprocessor(preprocessing: preprocessing, inputShape: shape)(image)
      let expected = gray.map { ($0 / 2 - 1) / 4 }
      #expect(input == expected)
    }
  }
}
