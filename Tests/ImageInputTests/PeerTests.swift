import Foundation
import ImageInput
import Testing

/// A picture of a folder that read_with_pillow.py made, with what Pillow makes of it beside it.
struct PeerPicture: CustomTestStringConvertible, Sendable {
  let folder: String
  let name: String

  var testDescription: String { name }
  var path: String { folder + "/" + name }

  /// The folders, with colons between them; Tests/run.sh makes one of PngSuite, one of Pillow's own test images
  /// and one of libjpeg-turbo's.
  static let folders = (ProcessInfo.processInfo.environment["XCEPTION_PILLOW_PICTURES"] ?? "").split(separator: ":")
    .map(String.init)

  /// The pictures whose pixels, as Pillow reads them, are in a file of this ending.
  static func all(endingWith ending: String) -> [PeerPicture] {
    folders.flatMap { folder in
      let names = Set((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      return names.sorted().filter { names.contains($0 + ending) && !$0.hasSuffix(".truncated") }
        .map { PeerPicture(folder: folder, name: $0) }
    }
  }

  /// How far the picture is from these pixels; nil where a library that it needs is not installed.
  func difference(from expected: Image, _ truncated: DecodingOptions.Truncated) throws -> Int? {
    do {
      let image = try Image(contentsOf: path, options: DecodingOptions(alpha: .drop, truncated: truncated))
      // Most are equal, which is told in a fraction of the time.
      return image == expected ? 0 : try #require(largestDifference(image, expected), "another size")
    } catch ImageError.missingLibrary {
      return nil
    }
  }

  func expected(_ ending: String) throws -> Image { try Image(contentsOf: path + ending) }
}

/// A picture that Pillow reads and this package reads otherwise, on purpose.
private enum Exception {
  /// Other pixels, within this distance.
  case within(Int)
  /// Other pixels, and those of another picture of the folder, which says what is right.
  case equal(to: String)
  /// An error that says this.
  case refused(String)
  /// An error, but Pillow's pixels where damage is accepted.
  case damaged

  static let all: [(reason: String, pictures: [String: Exception])] = [
    (
      "libheif makes color of half resolution full in another way than libavif, which Pillow uses",
      Dictionary(
        uniqueKeysWithValues: ["hopper"].map { ("avif-\($0).avif", .within(48)) }
          + (0..<4).flatMap { turn in (0..<2).map { ("avif-rot\(turn)mir\($0).avif", .within(48)) } })
    ),
    (
      "Only the EXIF block tells the orientation, as in browsers; Pillow takes it from XMP and from ImageMagick's text too",
      [
        "avif-xmp_tags_orientation.avif": .within(255), "xmp_tags_orientation.png": .within(255),
        "xmp_tags_orientation_exiftool.png": .within(255), "exif_imagemagick_orientation.png": .within(255),
      ]
    ),
    (
      "Pillow drops the last index of an odd number of plain 4-bit indices; another file of bmpsuite has the picture",
      [
        "bmp-g-pal4rle.bmp": .equal(to: "bmp-g-pal4.bmp"),
        "bmp-q-pal4rletrns.bmp": .equal(to: "bmp-html-pal4rletrns-0.png"),
      ]
    ),
    (
      "Pillow loses its place where pixels are skipped over the end of a row",
      ["bmp-q-pal8rletrns.bmp": .equal(to: "bmp-html-pal8rletrns-0.png")]
    ),
    ("Run lengths that go wrong, for which nothing is right", ["bmp-b-badrle.bmp": .within(255)]),
    (
      "libtiff's conversion of Lab, where Pillow uses Little CMS",
      [
        "hopper.Lab.tif": .within(64), "lab.tif": .within(64), "lab-green.tif": .within(16),
        "lab-red.tif": .within(16),
      ]
    ),
    (
      "Colors are divided by the alpha that they were multiplied with; Pillow leaves them so where they have 16 bits",
      [
        "tiff_16bit_RGBa.tiff": .within(255), "tiff_strip_planar_16bit_RGBa.tiff": .within(255),
        "tiff_tiled_planar_16bit_RGBa.tiff": .within(255),
      ]
    ),
    (
      "Samples that are signed, real or of 12 bits are measurements rather than pictures, of unknown scale",
      [
        "16_bit_binary_pgm.tiff": .refused("samples that are no unsigned integers"),
        "16bit.s.tif": .refused("samples that are no unsigned integers"),
        "8bit.s.tif": .refused("samples that are no unsigned integers"),
        "12bit.cropped.tif": .refused("samples of other than 1, 2, 4, 8 and 16 bits"),
        "10ct_32bit_128.tiff": .refused("TIFF file"),
      ]
    ),
    ("A code of the image data that does not exist, which Pillow passes over", ["hopper_bad_exif.jpg": .damaged]),
    ("Codes that start with more than 8 bits, which GIF does not allow", ["issue_2811.gif": .refused("GIF file")]),
  ]

  static let named = all.reduce(into: [:]) { $0.merge($1.pictures) { first, _ in first } }
}

@Suite(.enabled(if: !PeerPicture.folders.isEmpty, "XCEPTION_PILLOW_PICTURES names no folder")) struct PeerTests {
  /// Decoders of lossy formats may round a level or two differently.
  private static let tolerance = 2

  @Test func `Every folder has pictures`() {
    for folder in PeerPicture.folders {
      #expect(PeerPicture.all(endingWith: ".ppm").count { $0.folder == folder } >= 8, "\(folder)")
    }
  }

  @Test(arguments: PeerPicture.all(endingWith: ".ppm"))
  func `What Pillow reads is read to the same pixels, with known exceptions`(picture: PeerPicture) throws {
    switch Exception.named[picture.name] {
    case nil:
      let difference = try picture.difference(from: picture.expected(".ppm"), .refuse) ?? 0
      #expect(difference <= Self.tolerance)
    case .within(let limit):
      let difference = try picture.difference(from: picture.expected(".ppm"), .refuse) ?? 0
      #expect(difference <= limit)
    case .equal(let other):
      #expect(try picture.difference(from: Image(contentsOf: picture.folder + "/" + other), .refuse) == 0)
    case .refused(let reason):
      let error = #expect(throws: ImageError.self) { try Image(contentsOf: picture.path) }
      guard let error, case .missingLibrary = error else {
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
        return
      }
    case .damaged:
      #expect(throws: ImageError.self) { try Image(contentsOf: picture.path) }
      #expect(try picture.difference(from: picture.expected(".ppm"), .accept) == 0)
    }
  }

  @Test(arguments: PeerPicture.all(endingWith: ".truncated.ppm"))
  func `What Pillow reads of damaged files is read where damage is accepted`(picture: PeerPicture) throws {
    let difference = try picture.difference(from: picture.expected(".truncated.ppm"), .accept) ?? 0
    #expect(difference <= Self.tolerance)
  }
}
