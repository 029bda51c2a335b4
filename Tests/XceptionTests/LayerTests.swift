import Foundation
import ModelGraph
import Reference
import SmallModel
import Testing
import Xception

@Suite("The values of a layer")
struct LayerTests {
  let model: SmallModel
  let classifier: Classifier
  let photo: ImageSource

  init() throws {
    model = try SmallModel.shared.get()
    classifier = try Classifier(contentsOf: model.file)
    photo = .file(model.photos[0])
  }

  @Test func `Each layer's values are those of plain loops`() throws {
    let graph = try SmallModel.model().graph
    #expect(classifier.layerNames == graph.nodes.map(\.name))
    let input = try classifier.layer(named: classifier.layerNames[0]).values(for: photo)
    let expected = try ReferenceExecutor(graph).values(for: input, of: Array(graph.nodes.indices))
    for index in stride(from: 0, to: graph.nodes.count, by: 7) + [graph.nodes.count - 1] {
      let layer = try classifier.layer(named: graph.nodes[index].name)
      #expect(layer.shape == graph.nodes[index].shape.dimensions)
      let values = try layer.values(for: photo)
      try #require(values.count == expected[index].count)
      let largest = expected[index].reduce(0) { max($0, abs($1)) }
      let difference = zip(values, expected[index]).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(difference <= 1e-4 * largest, "\(layer.name)")
    }
  }

  @Test func `The error for a name that no layer has lists the layers`() throws {
    let error = #expect(throws: ClassifierError.self) { try classifier.layer(named: "nowhere") }
    guard case .unknownLayer("nowhere", let known) = error else { throw CancellationError() }
    #expect(known == classifier.layerNames)
    #expect(try #require(error).description.contains(known[3]))
  }
}
