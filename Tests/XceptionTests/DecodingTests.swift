import SmallModel
import Testing
import Xception

@Suite("How images are decoded")
struct DecodingTests {
  @Test func `Transparent pixels are laid over white or black, or alpha is dropped, as the options say`() throws {
    let model = try SmallModel.shared.get().file
    /// Pixels of one color, all transparent to the same degree.
    func image(_ color: [UInt8], alpha: UInt8) -> ImageSource {
      let header = "P7\nWIDTH 40\nHEIGHT 40\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
      return .encoded(Array(header.utf8) + (0..<1600).flatMap { _ in color + [alpha] })
    }
    func features(_ image: ImageSource, _ alpha: DecodingOptions.Alpha = .white) throws -> [Float] {
      let options = Classifier.Options(decoding: DecodingOptions(alpha: alpha))
      return try Classifier(contentsOf: model, options: options).classification(of: image).features
    }
    let color: [UInt8] = [200, 20, 60]
    let hidden = image(color, alpha: 0)
    #expect(try features(hidden) == features(image([255, 255, 255], alpha: 255)))
    #expect(try features(hidden, .black) == features(image([0, 0, 0], alpha: 255)))
    #expect(try features(hidden, .drop) == features(image(color, alpha: 255)))
    #expect(try features(hidden, .over(.init(red: 9, green: 8, blue: 7))) == features(image([9, 8, 7], alpha: 255)))
    #expect(try features(hidden) != features(hidden, .drop))
  }
}
