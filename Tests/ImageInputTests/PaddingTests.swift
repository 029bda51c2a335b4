import ImageInput
import ModelGraph
import Testing

/// A photo that Keras put in the middle of black; make_padded.py makes them all.
struct PaddedCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let photo: String
  let width: Int
  let height: Int
  let padding: Preprocessing.Padding
  let filter: Preprocessing.Filter
  let antialias: Bool

  /// - Parameter name: such as `coffee-31x23-after-bilinear`.
  init(name: String) {
    let parts = name.split(separator: "-")
    let size = parts[1].split(separator: "x").map { Int($0)! }
    testDescription = name
    (photo, width, height) = (String(parts[0]), size[0], size[1])
    padding = Preprocessing.Padding(rawValue: String(parts[2]))!
    filter = Preprocessing.Filter(rawValue: String(parts[3]))!
    antialias = parts.count > 4
  }

  static let all = Fixture.names(in: "padded", endingWith: ".i16").map(PaddedCase.init)

  /// For each of a side's pixels whether two of the image's are equally near, of which TensorFlow and Pillow take different
  /// ones.
  func ties(_ imageSize: Int, _ size: Int, other otherImageSize: Int, _ otherSize: Int) -> [Bool] {
    let ratio = max(Double(imageSize) / Double(size), Double(otherImageSize) / Double(otherSize))
    let missing = max(otherImageSize * size / otherSize - imageSize, 0)
    let (from, to) =
      padding == .before ? (imageSize + missing / 2 * 2, size) : (imageSize, Int(Double(imageSize) / ratio))
    let start = padding == .before ? 0 : Int((Double(size) - Double(imageSize) / ratio) / 2)
    return (0..<size).map { ((2 * ($0 - start) + 1) * from).isMultiple(of: 2 * to) }
  }
}

@Suite struct PaddingTests {
  @Test(arguments: PaddedCase.all)
  func `A picture in the middle of black is Keras's`(test: PaddedCase) throws {
    let image = try Image(contentsOf: Fixture.path("photos/\(test.photo).png"))
    let resized = try resizer(
      test.filter, antialias: test.antialias, width: test.width, height: test.height, geometry: .pad(test.padding))(
        image)
    let expected = try Fixture.values("padded/\(test.testDescription)")
    #expect(resized.count == expected.count)
    // 1/128 is the fixture's rounding. With antialias both directions are rounded to 8 bits, as by Pillow.
    let tolerance: Float = test.antialias ? 1.01 : 1 / 128 + 0.001
    let across = test.ties(image.width, test.width, other: image.height, test.height)
    let down = test.ties(image.height, test.height, other: image.width, test.width)
    let compared = resized.indices.filter { index in
      test.filter != .nearest || !across[index / 3 % test.width] && !down[index / 3 / test.width]
    }
    #expect(compared.count > resized.count / 2)
    let largest = compared.map { abs(resized[$0] - expected[$0]) }.max()!
    #expect(largest <= tolerance)
  }

  @Test func `What lies around a picture counts as a part of it`() {
    for padding in Preprocessing.Padding.allCases {
      let part = Preprocessing.Geometry.pad(padding).part(ofWidth: 200, height: 100, inputWidth: 50, inputHeight: 50)
      #expect(part.columns == 0..<200)
      // 12 rows of 50 above what is resized to 25.
      #expect(part.rows == (padding == .before ? -50..<150 : -48..<152))
    }
  }

  @Test func `A part that is cut out is what the input shows`() {
    let geometry = Preprocessing.Geometry.cropToAspectRatio
    let part = geometry.part(ofWidth: 201, height: 100, inputWidth: 60, inputHeight: 40)
    // 150 of 201 columns, after 25 of the 51 others.
    #expect(part.columns == 25..<175 && part.rows == 0..<100)
    let thin = geometry.part(ofWidth: 1, height: 400, inputWidth: 4, inputHeight: 9)
    #expect(thin.columns == 0..<1 && thin.rows == 199..<201)
  }

  @Test func `There are cases of both kinds`() {
    #expect(PaddedCase.all.count == 40)
    #expect(PaddedCase.all.count { $0.padding == .before } == 20)
  }

  @Test(arguments: Preprocessing.Filter.allCases, [false, true])
  func `A picture too narrow for a pixel of its own is a pixel wide, or hardly seen`(
    filter: Preprocessing.Filter, antialias: Bool
  ) throws {
    for (width, height) in [(1, 400), (400, 1)] {
      let image = try Image(width: width, height: height, pixels: Array(repeating: 255, count: 1200))
      let after = try resizer(filter, antialias: antialias, width: 8, height: 8, geometry: .pad(.after))(image)
      // It begins at half of what a fiftieth of a pixel leaves of 8.
      #expect((0..<64).allSatisfy { abs(after[$0 * 3] - ((width == 1 ? $0 % 8 : $0 / 8) == 3 ? 255 : 0)) < 0.001 })
      let before = try resizer(filter, antialias: antialias, width: 8, height: 8, geometry: .pad(.before))(image)
      #expect(before.count == 192 && before.allSatisfy { $0 < 128 })
    }
  }
}
