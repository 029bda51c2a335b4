import Foundation
import ModelGraph
import TestSupport
import Testing
import WeightFormat

/// What bf16 and int8 cost: the trained network against itself in fp32, on pictures that it has never seen.
///
/// Tests/run.sh installs the pictures, some hundred drawings and photos of animals, plants and things with transparent
/// backgrounds, and names their folder in XCEPTION_PICTURES; and it fetches the model.
@Suite(
  "The fidelity of bf16 and int8",
  .enabled(if: Kitchenware.folder != nil, "Tests/run.sh fetches the model"),
  .enabled(if: Pictures.source != nil, "Tests/run.sh installs the pictures"), .serialized)
struct FidelityTests {
  struct Bound: CustomTestStringConvertible {
    var precision: Precision
    var meanCosine: Double
    var worstCosine: Double
    var testDescription: String { precision.rawValue }
  }

  @Test(arguments: [
    Bound(precision: .bfloat16, meanCosine: 0.9999, worstCosine: 0.9995),
    Bound(precision: .int8, meanCosine: 0.9993, worstCosine: 0.997),
  ])
  func `The 2,048 features at 299x299 keep their direction`(bound: Bound) throws {
    let backbone = try Kitchenware.backbone.get().path
    try expectFeatures(of: compare(backbone, in: Pictures.selection.get(), bound.precision), bound)
  }

  /// Its weights are rounded once, as those of the fp32 file are when it is loaded for bf16.
  @Test func `A file converted to bf16 keeps the direction of the features too`() throws {
    let backbone = try Kitchenware.backbone.get()
    let file = backbone.deletingLastPathComponent().appending(path: "backbone-bf16.xcw").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    let result = try Command.run("xception-convert", [backbone.path, file, "--precision", "bf16", "--quiet"])
    try #require(result.status == 0, "\(result.errors)")
    let pictures = try compare(backbone.path, file, in: Pictures.selection.get())
    try expectFeatures(of: pictures, Bound(precision: .bfloat16, meanCosine: 0.9999, worstCosine: 0.9995))
  }

  private func expectFeatures(of pictures: Report.Pictures, _ bound: Bound) throws {
    #expect(pictures.count >= 200)
    #expect(pictures.unreadable.isEmpty)
    let (mean, worst) = (try #require(pictures.featureCosineMean), try #require(pictures.featureCosineWorst))
    #expect(mean >= bound.meanCosine)
    #expect(worst >= bound.worstCosine, "\(pictures.featureCosineWorstPicture ?? "")")
  }

  @Test(arguments: [Precision.bfloat16, .int8])
  func `All 18 photos keep their class`(precision: Precision) throws {
    let model = try Kitchenware.model.get()
    let photos = model.deletingLastPathComponent().appending(path: "photos")
    let pictures = try compare(model.path, in: photos, precision)
    #expect(pictures.count == 18 && pictures.sameClass == 18)
  }

  /// In int8 213 to 217 of 220 keep it, as the first layers are rounded (787 of all 802), in bf16 all: the network knows none of
  /// these things.
  @Test(arguments: [(Precision.bfloat16, 0.99), (.int8, 0.96)])
  func `Nearly all pictures keep their class`(precision: Precision, leastShare: Double) throws {
    let pictures = try compare(Kitchenware.model.get().path, in: Pictures.selection.get(), precision)
    #expect(pictures.count >= 200)
    #expect(pictures.sameClassShare >= leastShare, "\(pictures.sameClass) of \(pictures.count)")
  }

  /// What `xception-inspect compare` says of pictures.
  private struct Report: Decodable {
    struct Pictures: Decodable {
      struct Unreadable: Decodable { var picture: String }

      var count: Int
      var sameClass: Int
      var sameClassShare: Double
      var featureCosineMean: Double?
      var featureCosineWorst: Double?
      var featureCosineWorstPicture: String?
      var unreadable: [Unreadable]
    }

    var pictures: Pictures
  }

  private func compare(_ model: String, in folder: URL, _ precision: Precision) throws -> Report.Pictures {
    try compare(model, model, "--precision-b", precision.rawValue, in: folder)
  }

  private func compare(_ a: String, _ b: String, _ options: String..., in folder: URL) throws -> Report.Pictures {
    let result = try Command.run(
      "xception-inspect", ["compare", a, b, "--images", folder.path, "--precision-a", "fp32", "--json"] + options)
    try #require(result.status == 0, "\(result.errors)")
    return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8)).pictures
  }
}

enum Pictures {
  static let source = ProcessInfo.processInfo.environment["XCEPTION_PICTURES"].map { URL(filePath: $0) }

  /// A folder of links to some 200 of the pictures, spread evenly over all that are no symbols.
  static let selection = Result {
    let source = try #require(Self.source).path
    let all = try FileManager.default.subpathsOfDirectory(atPath: source).filter {
      $0.hasSuffix(".png") && !$0.hasPrefix("symbols/")
    }.sorted()
    let folder = FileManager.default.temporaryDirectory.appending(path: "pictures-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let count = min(all.count, 220)
    for index in 0..<count {
      let picture = all[index * all.count / count]
      try FileManager.default.createSymbolicLink(
        atPath: folder.appending(path: picture.replacing("/", with: "-")).path,
        withDestinationPath: source + "/" + picture)
    }
    return folder
  }
}

extension Kitchenware {
  /// The trained backbone for 299x299 under a head of 1,000 classes with random weights: its 2,048 channel means are the
  /// features.
  static let backbone = Result {
    let trained = try WeightFile(contentsOf: model.get().path).model
    let pool = try #require(
      trained.graph.nodes.firstIndex {
        if case .globalPool(GlobalPool(.average)) = $0.operation { true } else { false }
      })
    var weights = RandomWeights(seed: 1)
    var builder = GraphBuilder()
    for node in trained.graph.nodes[...pool] {
      var parameters = node.parameters.map { trained.graph.tensors[$0] }[...]
      try builder.append(node.name, node.operation, node.inputs) { _, _ in parameters.removeFirst() }
    }
    try builder.append("predictions", .dense(Dense(outputs: 1000)), [pool]) { weights.tensor("predictions", $0, $1) }
    try builder.append("softmax", .softmax, [pool + 1])
    let metadata = Metadata(
      architecture: "Xception", preprocessing: .tensorFlow, output: .classProbabilities, converter: "tests")
    let file = try #require(folder).appending(path: "backbone.xcw")
    let graph = try builder.graph.resized(to: Extent(299))
    try WeightFile.write(Model(graph: graph, metadata: metadata), to: file.path, profile: .stored)
    return file
  }
}
