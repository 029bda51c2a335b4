import Foundation
import ImageInput
import ModelGraph
import ModelImport
import SmallModel
import Testing
import XceptionTypes

@testable import Xception

@Suite("Heatmaps")
struct HeatmapTests {
  let model: SmallModel
  let classifier: Classifier
  let photo: ImageSource

  init() throws {
    model = try SmallModel.shared.get()
    classifier = try Classifier(contentsOf: model.file)
    photo = .file(model.photos[0])
  }

  /// Small networks of Keras's, and its Grad-CAM of each of their classes (`make_heatmaps.py`).
  struct Expected: Decodable {
    struct Map: Decodable {
      var largest: Double
      var values: [Float]
    }

    var pixels: [UInt8]
    var heads: [String: [Map]]

    static let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil)!

    static func read() throws -> Self {
      try JSONDecoder().decode(Self.self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    }
  }

  @Test(arguments: ["dense", "hidden", "convolutions", "normalized", "window", "none", "yes-no"])
  func `Whatever layers are behind the last pooling, heatmaps are Keras's Grad-CAM`(head: String) throws {
    let expected = try Expected.read()
    var options = ImportOptions()
    options.preprocessing = .keras
    let file = Expected.folder.appending(path: "\(head).keras")
    let imported = try ModelImporter.read(
      ForeignFile(path: file.path, bytes: [UInt8](Data(contentsOf: file))), options: options)
    let classifier = try Classifier(imported.model, named: head)
    let classification = try classifier.classification(
      of: .rgb(expected.pixels, width: 16, height: 20), heatmaps: true)
    let maps = try #require(expected.heads[head])
    #expect(maps.count == classification.probabilities.count)
    for (index, map) in maps.enumerated() {
      let heatmap = try classification.heatmap(for: index)
      #expect(heatmap.method == .activationMap && heatmap.width == 8 && heatmap.height == 10)
      #expect(abs(Double(heatmap.largest) - max(map.largest, 0)) <= 1e-4 * abs(map.largest), "class \(index)")
      for (value, wanted) in zip(heatmap.values, map.values) { #expect(abs(value - wanted) < 1e-4, "class \(index)") }
    }
  }

  @Test func `With one dense layer the values add up to the logits, but for the biases`() throws {
    let classification = try classifier.classification(of: photo, top: nil, heatmaps: true)
    let evidence = try #require(classification.evidence)
    guard case .map(let map) = evidence.basis else { throw CancellationError() }
    let sums = try (0..<5).map { try classifier.activationMap(of: $0, map).values.reduce(0, +) }
    let graph = try SmallModel.model().graph
    let dense = try #require(graph.nodes.last { if case .dense = $0.operation { true } else { false } })
    let biases = try graph.tensors[dense.parameters[1]].values()
    for index in 1..<5 {
      let difference = sums[index] + Double(biases[index]) - sums[0] - Double(biases[0])
      let wanted = log(Double(classification.probabilities[index]) / Double(classification.probabilities[0]))
      #expect(abs(difference - wanted) < 1e-4)
    }
  }

  @Test func `Keeping heatmaps changes no result, and the best class is taken unless another is named`() throws {
    let plain = try classifier.classification(of: photo)
    let kept = try classifier.classification(of: photo, heatmaps: true)
    #expect(kept.probabilities == plain.probabilities && kept.features == plain.features)
    let best = kept.predictions[0]
    #expect(try kept.heatmap().classIndex == best.classIndex)
    #expect(try kept.heatmap() == kept.heatmap(for: #require(best.label)))
    #expect(try kept.heatmap(for: "cat").label == "cat")
  }

  @Test(arguments: Precision.allCases)
  func `In any precision a heatmap is that of fp32, but for rounding`(precision: Precision) throws {
    let coarse = try Classifier(contentsOf: model.file, options: .init(precision: precision))
    let a = try classifier.classification(of: photo, heatmaps: true).heatmap(for: 1).values
    let b = try coarse.classification(of: photo, heatmaps: true).heatmap(for: 1).values
    #expect(a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 0.1 })
  }

  @Test func `What is wrong with a class is said, with similar names`() throws {
    let classification = try classifier.classification(of: photo, heatmaps: true)
    #expect(throws: HeatmapError.unknownClass("cats", similar: ["cat"], classCount: 5)) {
      try classification.heatmap(for: "cats")
    }
    #expect(throws: HeatmapError.unknownClass("zebra", similar: [], classCount: 5)) {
      try classification.heatmap(for: "zebra")
    }
    #expect(throws: HeatmapError.noSuchClass(5, classCount: 5)) { try classification.heatmap(for: 5) }
    #expect(throws: HeatmapError.noSuchClass(-1, classCount: 5)) { try classification.heatmap(for: -1) }
    #expect(throws: HeatmapError.notKept) { try classifier.classification(of: photo).heatmap(for: 0) }
    let twice = try Classifier(SmallModel.model(labels: ["crane", "bee", "crane", "dog", "elk"]), named: "birds")
    #expect(throws: HeatmapError.ambiguousClass("crane", indices: [0, 2])) {
      try twice.classification(of: photo, heatmaps: true).heatmap(for: "crane")
    }
  }

  @Test func `Similar names are those that hold the text, then those with few other letters`() {
    let names = ["espresso", "espresso maker", "tea cup", "cup", "expresso"]
    #expect(similarNames(to: "Espresso", among: names) == ["espresso", "espresso maker", "expresso"])
    #expect(similarNames(to: "cupp", among: names) == ["cup"])
    #expect(similarNames(to: "", among: names) == [])
  }

  @Test func `A picture has the heatmap over the part that the network was given, and the scale below`() throws {
    let pixels = [UInt8](repeating: 200, count: 96 * 48 * 3)
    var options = Classifier.Options()
    options.preprocessing = .keras
    options.preprocessing?.geometry = .centerCrop(shorterSide: 40)
    let cropping = try Classifier(contentsOf: model.file, options: options)
    let source = ImageSource.rgb(pixels, width: 96, height: 48)
    let heatmap = try cropping.classification(of: source, heatmaps: true).heatmap()
    let drawn = try Image(decoding: heatmap.png(over: source))
    #expect(drawn.width == 96 && drawn.height == 48 + 11)
    for y in 0..<48 {
      for x in 0..<96 {
        let isCovered = drawn.pixels[(y * 96 + x) * 3 + 2] != 200
        #expect(isCovered == (24..<72).contains(x), "\(x), \(y)")
      }
    }
    let last = drawn.pixels[(53 * 96 + 86) * 3..<(53 * 96 + 87) * 3]
    #expect(Array(last) == [252, 255, 164], "the scale ends with the color of 1")
  }
}

@Suite("Heatmaps by occlusion")
struct OcclusionTests {
  /// The mean of the corner at the left, above, decides; no pooling ends the network.
  private static func classifier(threads: Int? = nil) throws -> Classifier {
    var builder = GraphBuilder()
    let shape = Shape.map(height: 42, width: 28, channels: 3)
    let image = try builder.append("image", .input(shape))
    let flat = try builder.append("flat", .flatten, [image])
    let dense = try builder.append("dense", .dense(Dense(outputs: 2)), [flat]) { role, dimensions in
      let values = (0..<dimensions.reduce(1, *)).map { index -> Float in
        let (pixel, output) = (index / 6, index % 2)
        return role == .kernel && output == 1 && pixel / 28 < 9 && pixel % 28 < 9 ? 0.01 : 0
      }
      return Tensor(name: "\(role)", dimensions: dimensions, values: values)
    }
    _ = try builder.append("softmax", .softmax, [dense])
    let metadata = Metadata(
      architecture: "corner", preprocessing: .keras, labels: ["dark", "light"], output: .classProbabilities,
      converter: "tests")
    return try Classifier(
      Model(graph: builder.graph, metadata: metadata), named: "corner", options: .init(threads: threads))
  }

  /// White in that corner, else black.
  private static let picture: ImageSource = {
    var pixels = [UInt8](repeating: 0, count: 42 * 28 * 3)
    for y in 0..<9 { for x in 0..<27 { pixels[y * 28 * 3 + x] = 255 } }
    return .rgb(pixels, width: 28, height: 42)
  }()

  @Test func `The odds fall where what decides is hidden, and nowhere else`() throws {
    let classification = try Self.classification()
    var parts: [Double] = []
    let heatmap = try classification.heatmap(for: "light") { parts.append($0) }
    #expect(heatmap.method == .occlusion && heatmap.width == 10 && heatmap.height == 14)
    #expect(parts.count == 140 && parts == parts.sorted() && parts.last == 1)
    for (index, value) in heatmap.values.enumerated() {
      // Cells of 3 pixels, patches of 6: the fourth cell's patch begins at pixel 8.
      let touches = index / 10 <= 3 && index % 10 <= 3
      #expect((value > 0) == touches, "cell \(index)")
    }
    #expect(heatmap.values[11] == 1)
    #expect(try classification.heatmap(for: "dark").values.allSatisfy { $0 == 0 })
  }

  private static func classification(threads: Int? = nil) throws -> Classification {
    try classifier(threads: threads).classification(of: picture, heatmaps: true)
  }

  private func heatmap(of classification: Classification) throws -> Heatmap { try classification.heatmap(for: 1) }

  @Test(arguments: [1, 2, 5])
  func `Any number of threads gives bitwise the same, as does the asynchronous call`(threads: Int) async throws {
    let one = try Self.classification(threads: 1)
    let several = try Self.classification(threads: threads)
    let expected = try heatmap(of: one)
    #expect(try heatmap(of: several) == expected)
    #expect(try await several.heatmap(for: "light") == expected)
  }

  @Test func `A cancelled task gets the error of cancellation`() async throws {
    let classification = try Self.classification()
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await classification.heatmap(for: 1)
    }
    task.cancel()
    await #expect(throws: HeatmapError.classifier(.cancelled)) { try await task.value }
  }
}
