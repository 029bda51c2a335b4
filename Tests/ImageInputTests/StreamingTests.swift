import ImageInput
import ModelGraph
import Testing

@Suite struct StreamingTests {
  private static let preprocessors: [Preprocessor] = {
    let geometries: [(Preprocessing.Geometry, Int, Int)] = [
      (.stretch, 7, 5), (.stretch, 40, 61), (.centerCrop(shorterSide: 16), 11, 14),
      (.centerCrop(shorterSide: 57), 30, 57), (.pad(.before), 16, 9), (.pad(.before), 40, 61), (.pad(.after), 9, 16),
      (.pad(.after), 40, 61), (.cropToAspectRatio, 7, 12), (.cropToAspectRatio, 61, 40),
    ]
    return Preprocessing.Filter.allCases.flatMap { filter in
      [false, true].flatMap { antialias in
        geometries.map { geometry, height, width in
          let preprocessing = Preprocessing(
            filter: filter, antialias: antialias, geometry: geometry, divisor: 127.5, mean: [1, 1, 1],
            standardDeviation: [1, 1, 1])
          return try! Preprocessor(
            preprocessing: preprocessing, inputShape: .map(height: height, width: width, channels: 3))
        }
      }
    }
  }()

  private func check(_ name: String, _ options: DecodingOptions = .init()) throws {
    let bytes = try Fixture.bytes(name)
    let image = try Image(decoding: bytes, options: options)
    for preprocessor in Self.preprocessors {
      let streamed = try preprocessor.input(decoding: bytes, options: options).values
      #expect(streamed == preprocessor(image), "\(name) \(preprocessor.preprocessing)")
    }
  }

  @Test(arguments: FormatCase.readable)
  func `A picture that is resized as it is decoded gives the input of the whole one, bit for bit`(
    test: FormatCase
  ) throws {
    try check("formats/" + test.name)
  }

  @Test(arguments: Fixture.names(in: "orientation", endingWith: ".jpg").map { "orientation/\($0).jpg" })
  func `So does a photo in every orientation`(name: String) throws {
    try check(name)
    try check(name, DecodingOptions(appliesOrientation: false))
  }

  @Test(arguments: [
    "photos/coffee.jpg", "jpeg/progressive.jpg", "jpeg/ycck.jpg", "jpeg/gray.jpg", "png/rgba16-interlaced.png",
    "png/palette2-trns.png", "png/gray-alpha8.png", "netpbm/RGB_ALPHA-65535.file.pam",
    "netpbm/P3-256.file.ppm",
  ])
  func `So does every coding`(name: String) throws {
    try check(name)
    try check(name, DecodingOptions(alpha: .drop))
  }

  @Test func `Damage below the part that is used is an error all the same`() throws {
    let bytes = try Fixture.bytes("photos/coffee.jpg")
    let cut = Array(bytes.dropLast(40))
    let preprocessing = Preprocessing(
      filter: .nearest, antialias: false, geometry: .centerCrop(shorterSide: 60), divisor: 1, mean: [0, 0, 0],
      standardDeviation: [1, 1, 1])
    let preprocessor = try Preprocessor(
      preprocessing: preprocessing, inputShape: .map(height: 4, width: 4, channels: 3))
    #expect(throws: ImageError.self) { try preprocessor.input(decoding: cut) }
    let tolerant = DecodingOptions(truncated: .accept)
    #expect(throws: Never.self) { try preprocessor.input(decoding: cut, options: tolerant) }
  }
}
