import ModelGraph
import Testing

@testable import ImageInput

/// A photo that Keras's layer `Resizing` resized; make_keras_resizing.py makes them all.
private struct Resizing: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let photo: String
  let width: Int
  let height: Int
  let maker: String
  let filter: String

  /// - Parameter name: such as `coffee-13x9-crop-lanczos3`.
  init(name: String) {
    testDescription = name
    var parts = name.split(separator: "-").map(String.init)
    photo = parts[1] == "crop" ? "coffee-crop" : parts[0]
    parts.removeFirst(parts[1] == "crop" ? 2 : 1)
    let size = parts[0].split(separator: "x").map { Int($0)! }
    (width, height) = (size[0], size[1])
    (maker, filter) = (parts[1], parts[2])
  }

  static let all = Fixture.names(in: "keras-resizing", endingWith: ".i16").map(Resizing.init)

  func image() throws -> Image {
    try photo.hasSuffix("-crop")
      ? Fixture.expected("photos/" + photo) : Image(contentsOf: Fixture.path("photos/\(photo).png"))
  }

  func expected() throws -> [Float] { try Fixture.values("keras-resizing/" + testDescription) }

  var geometry: Preprocessing.Geometry {
    switch maker {
    case "crop": .cropToAspectRatio
    case "pad": .pad(.before)
    default: .stretch
    }
  }
}

@Suite("Images of any size, resized by Keras's Resizing,")
struct KerasResizingTests {
  private func resized(_ test: Resizing, _ filter: Preprocessing.Filter, antialias: Bool) throws -> [Float] {
    try resizer(filter, antialias: antialias, width: test.width, height: test.height, geometry: test.geometry)(
      test.image())
  }

  @Test(arguments: Resizing.all.filter { $0.maker != "pillow" })
  private func `Are resized to the same values`(test: Resizing) throws {
    let filter = try #require(
      test.filter == "nearest" ? .tensorFlowNearest : Preprocessing.Filter(rawValue: test.filter))
    let (values, expected) = (try resized(test, filter, antialias: false), try test.expected())
    try #require(values.count == expected.count)
    // 1/128 is the fixture's rounding, the rest that of sums of single precision.
    let tolerance: Float = filter == .tensorFlowNearest ? 0 : 1 / 128 + 0.001
    #expect(zip(values, expected).allSatisfy { abs($0 - $1) <= tolerance })
    // What antialiasing does not change is the same with it.
    if filter == .tensorFlowNearest || filter == .area {
      #expect(try resized(test, filter, antialias: true) == values)
    }
  }

  @Test func `Have a nearest pixel that is not always Pillow's`() throws {
    let differing = try Resizing.all.filter { $0.filter == "nearest" }.count {
      try resized($0, .nearest, antialias: false) != $0.expected()
    }
    #expect(differing > 0)
  }

  @Test(arguments: Resizing.all.filter { $0.maker == "pillow" })
  private func `By Lanczos's filter with antialias are Pillow's`(test: Resizing) throws {
    #expect(try resized(test, .lanczos3, antialias: true) == test.expected())
  }

  @Test func `There are cases of each kind`() {
    for maker in ["stretch", "crop", "pad", "pillow"] { #expect(Resizing.all.contains { $0.maker == maker }) }
    #expect(Set(Resizing.all.map(\.filter)).count == 6)
  }

  @Test(arguments: [ConvolutionFilter.bilinear, .bicubic, .lanczos3, .lanczos5])
  func `Take no work for black around a picture of extreme proportions`(filter: ConvolutionFilter) {
    // What pads a picture of 65,500 x 1 pixels to the proportions of an input of 1 x 8192.
    let side = ResizedSide(imageSize: 1, size: 8192, paddedLike: 1, of: 65_500)
    #expect(side.region.count > 500_000_000)
    var (windows, weights) = (0, 0)
    let result = SamplingWindows<Int32>.convolution(filter, side) { count in
      windows += 1
      weights += count
    }
    #expect(result.count == 8192 && result.weights.count == windows)
    #expect((1...10).contains(windows) && weights <= windows * 11 * 65_500)
  }
}
