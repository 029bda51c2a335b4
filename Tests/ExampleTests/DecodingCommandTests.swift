import Foundation
import SmallModel
import Testing

@Suite("The options of xception-run that say how pictures are read")
struct DecodingCommandTests {
  private let model: SmallModel
  private let folder: URL

  init() throws {
    model = try SmallModel.shared.get()
    folder = model.folder.appending(path: "decoding-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func run(_ picture: URL, _ options: [String]) throws -> Command.Result {
    try Command.run("xception-run", ["--model", model.file.path, "--json", "--top", "0", picture.path] + options)
  }

  private func probabilities(_ picture: URL, _ options: [String] = []) throws -> [Float] {
    let result = try run(picture, options)
    #expect(result.status == 0, "\(result)")
    let predictions = try #require(try Line.all(result).first?.predictions)
    return predictions.sorted { $0.class < $1.class }.map(\.probability)
  }

  private func file(_ name: String, _ header: String, _ raster: [UInt8]) throws -> URL {
    let file = folder.appending(path: name)
    try (Data(header.utf8) + raster).write(to: file)
    return file
  }

  /// The photos have 48 x 32 pixels, 0.001536 million.
  @Test(
    arguments: [
      (["--max-megapixels", "0.001536"], nil), (["--max-megapixels", "0.5"], nil), (["--max-megapixels", "2"], nil),
      (["--max-megapixels", "0.001535"], "1536 pixels, the limit is 1535"), (["--max-side", "48"], nil),
      (["--max-side", "47"], "width of 48 pixels, the limit is 47"),
    ] as [([String], String?)])
  func `A picture above the limits is refused with both figures, and one at the limits is read`(
    options: [String], refusal: String?
  ) throws {
    let result = try run(model.photos[0], options)
    let line = try #require(try Line.all(result).first)
    #expect(result.status == (refusal == nil ? 0 : 1))
    #expect((line.predictions == nil) == (refusal != nil))
    if let refusal { #expect(line.error?.contains(refusal) == true, "\(line.error ?? "")") }
  }

  @Test(arguments: ["0", "-1", "0.0000001", "10001", "nan", "inf", "1e300", "many"])
  func `A limit that means nothing is wrong usage`(limit: String) throws {
    let result = try run(model.photos[0], ["--max-megapixels=" + limit])
    #expect(result.status == 64 && result.output.isEmpty)
    #expect(result.errors.contains("--max-megapixels"), "\(result.errors)")
  }

  @Test func `The limit of an ordinary run is 200 megapixels, and can be raised`() throws {
    let help = try Command.run("xception-run", ["--help"]).output.split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
    #expect(help.contains("in millions of pixels. (default: 200)"), "\(help)")
    let header = try file("large.ppm", "P6 15000 14000 255\n", [])
    let refused = try Line.all(run(header, [])).first?.error
    #expect(refused?.contains("210000000 pixels, the limit is 200000000") == true, "\(refused ?? "")")
    let short = try Line.all(run(header, ["--max-megapixels", "210"])).first?.error
    #expect(short?.contains("limit") == false, "\(short ?? "")")
  }

  @Test func `A file that ends too early is refused, or accepted with what is there`() throws {
    let photo = try Data(contentsOf: model.photos[0])
    let start = [UInt8](photo.dropLast(48 * 3 * 10))
    let cut = try file("cut.ppm", "", start)
    let refused = try run(cut, [])
    #expect(refused.status == 1)
    #expect(try Line.all(refused).first?.error?.contains("ends") == true, "\(refused)")
    let filled = try file("filled.ppm", "", start + [UInt8](repeating: 0, count: 48 * 3 * 10))
    #expect(try probabilities(cut, ["--truncated", "accept"]) == probabilities(filled))
    #expect(try probabilities(model.photos[0], ["--truncated", "accept"]) == probabilities(model.photos[0]))
  }

  @Test func `Transparent pixels show white, black, or the color that is stored for them`() throws {
    let colors = (0..<48 * 32).map { [UInt8($0 % 256), UInt8($0 / 8), 90] }
    let isClear = { (pixel: Int) in pixel % 48 < 24 }
    let header = "P7\nWIDTH 48\nHEIGHT 32\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    let picture = try file(
      "clear.pam", header, colors.indices.flatMap { colors[$0] + [isClear($0) ? 0 : 255] })
    func shown(_ name: String, _ clear: (Int) -> [UInt8]) throws -> [Float] {
      let pixels = colors.indices.flatMap { isClear($0) ? clear($0) : colors[$0] }
      return try probabilities(file(name + ".ppm", "P6 48 32 255\n", pixels))
    }
    let expected = [
      "white": try shown("white") { _ in [255, 255, 255] }, "black": try shown("black") { _ in [0, 0, 0] },
      "drop": try shown("drop") { colors[$0] },
    ]
    #expect(Set(expected.values).count == 3)
    for (alpha, values) in expected { #expect(try probabilities(picture, ["--alpha", alpha]) == values, "\(alpha)") }
    #expect(try probabilities(picture) == expected["white"])
  }
}
