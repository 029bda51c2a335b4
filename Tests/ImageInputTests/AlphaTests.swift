import ImageInput
import ModelGraph
import Testing

/// Pictures for a network of four channels; make_alpha.py makes them.
@Suite("For an input of four channels")
struct AlphaTests {
  private struct Size: CustomStringConvertible, Sendable {
    let width: Int
    let height: Int

    var description: String { "\(width)x\(height)" }
  }

  /// Those of Keras's `load_img` that the fixtures have.
  private static let filters: [Preprocessing.Filter] = [.nearest, .bilinear, .bicubic]
  private static let sizes = [(16, 19), (40, 31), (12, 9)].map { Size(width: $0.0, height: $0.1) }

  private func resized(
    _ name: String, to size: Size, _ filter: Preprocessing.Filter, antialias: Bool,
    _ change: (inout Preprocessing) -> Void = { _ in }
  ) throws -> [Float] {
    var preprocessing = Preprocessing(
      filter: filter, antialias: antialias, geometry: .stretch, divisor: 1, mean: [0, 0, 0, 0],
      standardDeviation: [1, 1, 1, 1])
    change(&preprocessing)
    let preprocessor = try Preprocessor(
      preprocessing: preprocessing, inputShape: .map(height: size.height, width: size.width, channels: 4))
    return try preprocessor.input(decoding: Fixture.bytes("alpha/\(name).png")).values
  }

  @Test(arguments: sizes, filters)
  private func `Every value is that of Keras's load_img, alpha included`(
    size: Size, filter: Preprocessing.Filter
  ) throws {
    let expected = try Fixture.bytes("alpha/cutout-\(size)-\(filter.rawValue).rgba").map(Float.init)
    #expect(try resized("cutout", to: size, filter, antialias: true) == expected)
    #expect(try resized("turned", to: size, filter, antialias: true) == expected)
  }

  /// Pillow's `resize` returns a copy then, with the colors under an alpha of 0 as they are.
  @Test(arguments: Preprocessing.Filter.allCases)
  func `A picture that has the size already keeps its colors`(filter: Preprocessing.Filter) throws {
    let size = Size(width: 31, height: 23)
    let stored = try resized("cutout", to: size, .nearest, antialias: false)
    #expect(stride(from: 3, to: stored.count, by: 4).contains { stored[$0] == 0 && stored[$0 - 3] > 0 })
    for name in ["cutout", "turned"] {
      #expect(try resized(name, to: size, filter, antialias: true) == stored)
    }
  }

  @Test(arguments: ["gray", "opaque"], filters)
  private func `Gray becomes color, and a picture without alpha is opaque`(
    name: String, filter: Preprocessing.Filter
  ) throws {
    let values = try resized(name, to: Self.sizes[0], filter, antialias: true)
    #expect(values == (try Fixture.bytes("alpha/\(name)-16x19-\(filter.rawValue).rgba").map(Float.init)))
    if name == "opaque" {
      #expect(stride(from: 3, to: values.count, by: 4).allSatisfy { values[$0] == 255 })
    }
  }

  @Test(arguments: sizes, [Preprocessing.Filter.bilinear, .bicubic])
  private func `Without antialias every value is TensorFlow's, whose colors count alike`(
    size: Size, filter: Preprocessing.Filter
  ) throws {
    let expected = try Fixture.values("alpha/cutout-\(size)-\(filter.rawValue)-tf")
    for name in ["cutout", "turned"] {
      let values = try resized(name, to: size, filter, antialias: false)
      #expect(values.count == expected.count)
      // 1/128 is the fixture's rounding, the rest that of sums of single precision.
      #expect(zip(values, expected).allSatisfy { abs($0 - $1) <= 1 / 128 + 0.001 })
    }
  }

  @Test(arguments: Preprocessing.Filter.allCases, [false, true])
  func `Blue first leaves alpha last, and each channel has its mean`(
    filter: Preprocessing.Filter, antialias: Bool
  ) throws {
    let size = Self.sizes[0]
    let plain = try resized("cutout", to: size, filter, antialias: antialias)
    let reversed = try resized("cutout", to: size, filter, antialias: antialias) {
      ($0.channelOrder, $0.mean, $0.standardDeviation) = (.bgr, [1, 2, 3, 4], [1, 2, 4, 8])
    }
    for pixel in stride(from: 0, to: plain.count, by: 4) {
      let expected = [
        plain[pixel + 2] - 1, (plain[pixel + 1] - 2) / 2, (plain[pixel] - 3) / 4, (plain[pixel + 3] - 4) / 8,
      ]
      #expect(Array(reversed[pixel..<pixel + 4]) == expected)
    }
  }

  @Test(arguments: Preprocessing.Filter.allCases, [false, true])
  func `Pixels in memory are opaque`(filter: Preprocessing.Filter, antialias: Bool) throws {
    let preprocessing = Preprocessing(
      filter: filter, antialias: antialias, geometry: .stretch, divisor: 1, mean: [0, 0, 0, 0],
      standardDeviation: [1, 1, 1, 1])
    let preprocessor = try Preprocessor(
      preprocessing: preprocessing, inputShape: .map(height: 19, width: 16, channels: 4))
    let bytes = try Fixture.bytes("alpha/opaque.png")
    #expect(try preprocessor(Image(decoding: bytes)) == preprocessor.input(decoding: bytes).values)
  }
}
