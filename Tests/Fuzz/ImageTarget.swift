import ModelGraph

@testable import ImageInput

/// A decoder, with every preprocessing; what is resized as it is decoded must be what the whole picture gives.
///
/// The last byte, which lies behind the picture, chooses the options.
struct ImageTarget: FuzzTarget {
  private let formats: Set<ImageFormat>

  init(_ formats: Set<ImageFormat>) { self.formats = formats }

  private static let preprocessors: [Preprocessor] = {
    let geometries: [(Preprocessing.Geometry, Int, Int)] = [
      (.stretch, 7, 5), (.centerCrop(shorterSide: 9), 7, 8), (.stretch, 19, 23), (.pad(.before), 9, 7),
      (.pad(.after), 11, 13), (.cropToAspectRatio, 8, 11),
    ]
    return Preprocessing.Filter.allCases.flatMap { filter in
      [false, true].flatMap { antialias in
        geometries.map { geometry, height, width in
          var preprocessing = Preprocessing.keras
          preprocessing.filter = filter
          preprocessing.antialias = antialias
          preprocessing.geometry = geometry
          return try! Preprocessor(
            preprocessing: preprocessing, inputShape: .map(height: height, width: width, channels: 3))
        }
      }
    }
  }()

  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    var file = unsafe [UInt8](bytes)
    guard let choice = file.last, let format = try? ImageFormat(of: file), formats.contains(format) else {
      return .foreign
    }
    if format == .png { PNGChecksums.correct(&file) }
    let options = DecodingOptions(
      limits: .init(width: 4096, height: 4096, pixels: 1 << 18, bytes: 1 << 20),
      alpha: choice & 1 == 0 ? .white : .drop, truncated: choice & 2 == 0 ? .refuse : .accept,
      appliesOrientation: choice & 4 == 0)
    let preprocessor = Self.preprocessors[Int(choice >> 3) % Self.preprocessors.count]
    let image: Image
    do throws(ImageError) { image = try Image(decoding: file, options: options) } catch {
      if (try? preprocessor.input(decoding: file, options: options)) != nil {
        defect("resizing as it is decoded accepts what decoding refuses: \(error)")
      }
      return .refused
    }
    guard image.pixels.count == image.width * image.height * 3 else { defect("\(image.pixels.count) values") }
    let whole = preprocessor(image)
    guard whole.allSatisfy(\.isFinite) else { defect("not finite") }
    do throws(ImageError) {
      let streamed = try preprocessor.input(decoding: file, options: options).values
      guard streamed == whole else {
        defect("resized as it is decoded, it differs: \(preprocessor.preprocessing)")
      }
    } catch {
      defect("resizing as it is decoded refuses what decoding accepts: \(error)")
    }
    return .accepted
  }
}

/// The checksums of a PNG file's chunks, without which the library looks at nothing.
private enum PNGChecksums {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ (value >> 1) : value >> 1 }
  }

  static func correct(_ file: inout [UInt8]) {
    var offset = 8
    while offset + 12 <= file.count {
      let length = (0..<4).reduce(0) { $0 << 8 | Int(file[offset + $1]) }
      let end = offset + 8 + length
      guard end + 4 <= file.count else { return }
      var checksum = UInt32.max
      for index in offset + 4..<end { checksum = table[Int((checksum ^ UInt32(file[index])) & 255)] ^ (checksum >> 8) }
      for index in 0..<4 { file[end + index] = UInt8(truncatingIfNeeded: ~checksum >> UInt32(24 - 8 * index)) }
      offset = end + 4
    }
  }
}
