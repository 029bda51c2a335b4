import ImageInput
import ModelGraph
import Testing

/// A resizing whose result is the pixel values themselves.
func resizer(
  _ filter: Preprocessing.Filter, antialias: Bool, width: Int, height: Int, geometry: Preprocessing.Geometry = .stretch
) throws -> Preprocessor {
  let preprocessing = Preprocessing(
    filter: filter, antialias: antialias, geometry: geometry, divisor: 1, mean: [0, 0, 0], standardDeviation: [1, 1, 1])
  return try Preprocessor(
    preprocessing: preprocessing, inputShape: .map(height: height, width: width, channels: 3))
}

/// What was resized to what: the photos are reduced to a few sizes, a part of one is enlarged.
struct ResizeCase: CustomTestStringConvertible, Sendable {
  let photo: String
  let width: Int
  let height: Int
  let filter: Preprocessing.Filter

  func image() throws -> Image {
    try photo.hasSuffix("-crop")
      ? Fixture.expected("photos/" + photo) : Image(contentsOf: Fixture.path("photos/\(photo).png"))
  }

  var stem: String { "resized/\(photo)-\(width)x\(height)-\(filter.rawValue)" }
  var testDescription: String { stem }

  static let all = [
    ("coffee", 31, 23), ("coffee", 19, 41), ("chelsea", 31, 23), ("chelsea", 19, 41), ("coffee-crop", 40, 29),
    ("coffee-crop", 31, 30),
    ("coffee-crop", 12, 9),
  ].flatMap { photo, width, height in
    [.nearest, .bilinear, .bicubic].map { ResizeCase(photo: photo, width: width, height: height, filter: $0) }
  }
  static let smooth = all.filter { $0.filter != .nearest }
  static let nearest = all.filter { $0.filter == .nearest }
}

@Suite struct ResizeTests {
  @Test(arguments: ResizeCase.all)
  func `With antialias every pixel is Pillow's`(test: ResizeCase) throws {
    let resized = try resizer(test.filter, antialias: true, width: test.width, height: test.height)(test.image())
    #expect(resized == (try Fixture.expected(test.stem + "-pillow").pixels.map(Float.init)))
  }

  @Test(arguments: ResizeCase.smooth)
  func `With antialias hardly a value is farther than a gray level from TensorFlow's`(test: ResizeCase) throws {
    let resized = try resizer(test.filter, antialias: true, width: test.width, height: test.height)(test.image())
    // TensorFlow's overshoot is not cut off and its values are not rounded.
    let expected = try Fixture.values(test.stem + "-tf-antialias").map { min(max($0, 0), 255) }
    let differences = zip(resized, expected).map { abs($0 - $1) }
    // Pillow cuts the overshoot off after the first direction too: one or two bicubic values beside the cut are
    // farther.
    let farther = differences.filter { $0 > 1 }
    #expect(farther.allSatisfy { $0 < 2 })
    #expect(farther.count <= (test.filter == .bicubic ? 2 : 0))
  }

  @Test(arguments: ResizeCase.smooth)
  func `Without antialias no value is farther than a fraction of a gray level from TensorFlow's`(
    test: ResizeCase
  ) throws {
    let resized = try resizer(test.filter, antialias: false, width: test.width, height: test.height)(test.image())
    let expected = try Fixture.values(test.stem + "-tf")
    // 1/128 is the fixture's rounding, the rest that of sums of single precision.
    #expect(zip(resized, expected).allSatisfy { abs($0 - $1) <= 1 / 128 + 0.001 })
    #expect(resized.count == expected.count)
  }

  @Test(arguments: ResizeCase.nearest)
  func `Nearest is TensorFlow's but where two pixels are equally near`(test: ResizeCase) throws {
    let image = try test.image()
    let resized = try resizer(.nearest, antialias: false, width: test.width, height: test.height)(image)
    let expected = try Fixture.values(test.stem + "-tf")
    for y in 0..<test.height where (2 * y + 1) * image.height % (2 * test.height) != 0 {
      for x in 0..<test.width where (2 * x + 1) * image.width % (2 * test.width) != 0 {
        let place = (y * test.width + x) * 3
        #expect(resized[place..<place + 3] == expected[place..<place + 3])
      }
    }
  }

  @Test(arguments: ResizeCase.nearest)
  func `Nearest without antialias is Pillow's too`(test: ResizeCase) throws {
    let resized = try resizer(.nearest, antialias: false, width: test.width, height: test.height)(test.image())
    #expect(resized == (try Fixture.expected(test.stem + "-pillow").pixels.map(Float.init)))
  }

  @Test func `Nearest takes the pixels that Pillow takes`() throws {
    let lines = String(decoding: try Fixture.bytes("nearest.txt"), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 72)
    for line in lines {
      let numbers = line.split(separator: " ").map { Int($0)! }
      let (size, resized) = (numbers[0], numbers[1])
      // The first two channels hold the place.
      let ramp: [UInt8] = (0..<size).flatMap { place -> [UInt8] in [UInt8(place >> 8), UInt8(place & 255), 0] }
      let across = try resizer(.nearest, antialias: false, width: resized, height: 1)(
        Image(width: size, height: 1, pixels: ramp))
      let down = try resizer(.nearest, antialias: false, width: 1, height: resized)(
        Image(width: 1, height: size, pixels: ramp))
      let places = stride(from: 0, to: across.count, by: 3).map { Int(across[$0]) << 8 | Int(across[$0 + 1]) }
      #expect(places == Array(numbers.dropFirst(2)))
      #expect(across == down)
    }
  }

  @Test(arguments: ["coffee", "chelsea"], [(64, 57, 57), (45, 40, 38), (39, 39, 32)])
  func `The center crop is torchvision's`(photo: String, size: (shorter: Int, width: Int, height: Int)) throws {
    let image = try Image(contentsOf: Fixture.path("photos/\(photo).png"))
    let resized = try resizer(
      .bicubic, antialias: true, width: size.width, height: size.height,
      geometry: .centerCrop(shorterSide: size.shorter))(image)
    let expected = try Fixture.expected("resized/\(photo)-short\(size.shorter)-\(size.width)x\(size.height)-pillow")
    #expect(resized == expected.pixels.map(Float.init))
  }

  @Test(arguments: Preprocessing.Filter.allCases, [false, true])
  func `The center crop is a part of the whole resized image`(filter: Preprocessing.Filter, antialias: Bool) throws {
    let image = try Fixture.expected("photos/coffee-crop")  // 31 x 23
    let whole = try resizer(filter, antialias: antialias, width: 53, height: 40)(image)
    // 31 * 40 / 23 = 53.9; the offsets are round(22.5) = 22 and round(5.5) = 6.
    let crop = try resizer(filter, antialias: antialias, width: 8, height: 29, geometry: .centerCrop(shorterSide: 40))(
      image)
    for y in 0..<29 {
      for x in 0..<24 { #expect(abs(crop[y * 24 + x] - whole[((y + 6) * 53 + 22) * 3 + x]) < 0.001) }
    }
  }

  @Test(arguments: Preprocessing.Filter.allCases, [false, true])
  func `The same size changes nothing`(filter: Preprocessing.Filter, antialias: Bool) throws {
    let image = try Fixture.expected("photos/coffee-crop")
    let resized = try resizer(filter, antialias: antialias, width: image.width, height: image.height)(image)
    // In single precision the sine of a multiple of pi is not 0.
    let tolerance: Float = [.lanczos3, .lanczos5].contains(filter) && !antialias ? 0.001 : 0
    #expect(zip(resized, image.pixels).allSatisfy { abs($0 - Float($1)) <= tolerance })
  }

  @Test(arguments: Preprocessing.Filter.allCases, [false, true])
  func `Images of one pixel, one row and one column resize`(filter: Preprocessing.Filter, antialias: Bool) throws {
    for (width, height) in [(1, 1), (1, 50), (50, 1), (2, 3)] {
      let image = try Image(width: width, height: height, pixels: [UInt8](repeating: 77, count: width * height * 3))
      for geometry in [Preprocessing.Geometry.stretch, .centerCrop(shorterSide: 9)] {
        let resized = try resizer(filter, antialias: antialias, width: 7, height: 9, geometry: geometry)(image)
        #expect(resized.allSatisfy { abs($0 - 77) < 0.001 })
      }
    }
  }
}
