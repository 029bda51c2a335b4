import Architectures
import Foundation
import ModelGraph
import Runtime
import SmallModel
import Testing

@testable import Xception

@Suite("The errors of the classifier")
struct ClassifierErrorTests {
  private let model: SmallModel
  private let classifier: Classifier
  private let photo: URL

  init() throws {
    model = try SmallModel.shared.get()
    classifier = try Classifier(contentsOf: model.file)
    photo = model.photos[0]
  }

  @Test func `A model that cannot be read says which and why`() {
    for load in [
      { _ = try Classifier(contentsOfFile: "/nowhere.xcw") },
      { _ = try Classifier.preprocessing(ofModelAt: URL(filePath: "/nowhere.xcw")) },
    ] {
      #expect {
        try load()
      } throws: { error in
        guard case .unreadableModel("/nowhere.xcw", let cause)? = error as? ClassifierError else { return false }
        return cause.fault == .system && cause.systemCode == ENOENT
          && "\(error)" == "cannot read /nowhere.xcw: No such file or directory"
      }
    }
  }

  @Test func `A file that is no weights file says which`() {
    #expect {
      try Classifier(contentsOf: photo)
    } throws: { error in
      guard case .invalidModel(photo.path, .file(let cause))? = error as? ClassifierError else { return false }
      return cause.fault == .signature && "\(error)" == "\(photo.path): \(cause)"
    }
  }

  @Test func `A damaged weight is an error of the file, whether a kernel packs it or the optimizer folds it`() throws {
    let bytes = try Data(contentsOf: model.file)
    let damaged = model.folder.appending(path: "damaged-weights.xcw")
    var weights: Set<String> = []
    for position in stride(from: bytes.count - 1, to: bytes.count * 2 / 3, by: -1777) {
      var changed = bytes
      changed[position] ^= 1
      try changed.write(to: damaged)
      do throws(ClassifierError) {
        _ = try Classifier(contentsOf: damaged)  // The byte is between two weights.
      } catch {
        guard case .invalidModel(damaged.path, .file(let cause)) = error else { throw error }
        #expect(cause.fault == .checksum && cause.section == "DATA" && "\(error)" == "\(damaged.path): \(cause)")
        weights.insert(cause.what)
      }
    }
    for weight in ["kernel", "gamma", "mean"] { #expect(weights.contains { $0.contains(weight) }, "\(weights)") }
  }

  @Test func `A network that cannot be optimized says which node is at fault, and in which pass`() throws {
    var model = try SmallModel.model()
    let variance = try #require(model.graph.tensors.firstIndex { $0.name.contains("variance") })
    let tensor = model.graph.tensors[variance]
    model.graph.tensors[variance] = Tensor(
      name: tensor.name, dimensions: tensor.dimensions, values: [Float](repeating: -1, count: tensor.elementCount))
    #expect {
      try Classifier(model, named: "negative.xcw")
    } throws: { error in
      guard case .invalidModel("negative.xcw", .network(let cause))? = error as? ClassifierError else { return false }
      return cause.pass == "fold batch normalization" && tensor.name.hasPrefix(cause.node ?? "?")
        && cause.reason == "channel 0 has the variance -1.0, expected at least 0"
        && "\(error)" == "negative.xcw: \(cause)"
    }
  }

  @Test func `An image that cannot be read carries the image's own error and its path`() throws {
    let missing = ClassifierError.image(
      .unreadable(path: "/no.jpg", reason: "No such file or directory"), path: "/no.jpg")
    #expect(throws: missing) { try classifier.classify(.path("/no.jpg")) }
    #expect(throws: missing) { try classifier.classify(imageAt: URL(filePath: "/no.jpg")) }
    #expect(throws: ClassifierError.image(.wrongPixelCount(width: 2, height: 1, found: 3), path: nil)) {
      try classifier.classify(.rgb([1, 2, 3], width: 2, height: 1))
    }
    #expect(throws: ClassifierError.image(.unknownFormat(found: "a Photoshop file"), path: nil)) {
      try classifier.classify(.encoded([UInt8]("8BPS".utf8)))
    }
  }

  @Test func `The limits on an image's size can be set, and the error says which was exceeded`() throws {
    func classify(_ limits: DecodingOptions.Limits) throws {
      let options = Classifier.Options(decoding: DecodingOptions(limits: limits))
      _ = try Classifier(contentsOf: model.file, options: options).classify(imageAt: photo)
    }
    try classify(.init(width: 48, height: 32, pixels: 48 * 32))
    for (limits, error) in [
      (DecodingOptions.Limits(width: 47), ImageError.exceedsLimit(.width, found: 48, limit: 47)),
      (.init(height: 31), .exceedsLimit(.height, found: 32, limit: 31)),
      (.init(pixels: 1000), .exceedsLimit(.pixels, found: 48 * 32, limit: 1000)),
      (.init(bytes: 100), .exceedsLimit(.bytes, found: 13 + 48 * 32 * 3, limit: 100)),
    ] {
      #expect(throws: ClassifierError.image(error, path: photo.path)) { try classify(limits) }
    }
  }

  @Test func `A preprocessing that contradicts itself says which property is wrong`() {
    var preprocessing = Preprocessing.keras
    preprocessing.divisor = 0
    #expect {
      try Classifier(contentsOf: model.file, options: .init(preprocessing: preprocessing))
    } throws: { error in
      guard case .preprocessing(let error)? = error as? ClassifierError else { return false }
      return error.property == "divisor" && error.found == "0.0"
    }
  }

  @Test func `A preprocessing of the model file that contradicts itself is the model's fault`() throws {
    var model = try SmallModel.model()
    model.metadata.preprocessing.divisor = 0
    #expect {
      try Classifier(model, named: "zero.xcw")
    } throws: { error in
      guard case .invalidModel("zero.xcw", .preprocessing(let cause))? = error as? ClassifierError else { return false }
      return cause.property == "divisor" && "\(error)" == "zero.xcw: \(cause)"
    }
  }

  @Test func `Options and arguments out of range are in the error`() {
    #expect(throws: ClassifierError.invalidThreadCount(0)) {
      try Classifier(contentsOf: model.file, options: .init(threads: 0))
    }
    for top in [0, -1] {
      #expect(throws: ClassifierError.invalidTop(top)) { try classifier.classify(imageAt: photo, top: top) }
    }
    #expect {
      try Classifier(contentsOf: model.file, options: .init(instructionSet: "mmx"))
    } throws: { error in
      guard case .unsupportedInstructionSet("mmx", let supported)? = error as? ClassifierError else { return false }
      return supported.contains("portable") && "\(error)".contains("portable")
    }
  }

  /// The weights of the first convolution, of the last separable one, or of the classifier are far too large.
  @Test(arguments: InstructionSet.supported, [Precision.float32, .bfloat16, .int8])
  func `No precision of no instruction set answers where the network overflows`(
    set: InstructionSet, precision: Precision
  ) throws {
    for (ending, output) in [
      (ClassifierHead.Output.logits, Metadata.Output.classLogits), (.softmax, .classProbabilities),
      (.sigmoid, .labelProbabilities),
    ] {
      var model = try SmallModel.model(ending: ending, output: output)
      let kernels = model.graph.tensors.indices.filter { model.graph.tensors[$0].dimensions.count > 1 }
      for kernel in [kernels[0], kernels[1], kernels[kernels.count - 2]] {
        let tensor = model.graph.tensors[kernel]
        var large = try tensor.values()
        for index in large.indices { large[index] = large[index] < 0 ? -1e38 : 1e38 }
        model.graph.tensors[kernel] = Tensor(name: tensor.name, dimensions: tensor.dimensions, values: large)
        let next = model.graph.tensors[kernels[kernels.count - 1]]
        model.graph.tensors[kernels[kernels.count - 1]] = Tensor(
          name: next.name, dimensions: next.dimensions,
          values: (0..<next.elementCount).map { Float($0 % 5 == 0 ? 1e30 : -1e30) })
        let classifier = try Classifier(
          model, named: "overflow", options: .init(instructionSet: set.rawValue, precision: precision))
        #expect(throws: ClassifierError.self, "\(ending), \(kernel)") { try classifier.classify(imageAt: photo) }
      }
    }
  }

  @Test func `A network that overflows says which value did, and is no answer`() throws {
    var model = try SmallModel.model(ending: .logits, output: .classLogits)
    let kernel = model.graph.tensors.count - 2
    let tensor = model.graph.tensors[kernel]
    model.graph.tensors[kernel] = Tensor(
      name: tensor.name, dimensions: tensor.dimensions,
      values: [Float](repeating: 3e38, count: tensor.elementCount))
    let classifier = try Classifier(model, named: "overflow")
    #expect {
      try classifier.classify(imageAt: photo)
    } throws: { error in
      guard case .notFinite(let index, let value)? = error as? ClassifierError else { return false }
      return (0..<5).contains(index) && !value.isFinite
    }
  }
}
