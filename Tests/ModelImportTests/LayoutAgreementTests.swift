import Foundation
import ModelGraph
import Testing

@testable import ModelImport

private let paths = (ProcessInfo.processInfo.environment["XCEPTION_LAYOUTS"] ?? "").split(separator: ":").map(
  String.init)

/// Files of the same trained Xception in several layouts, named in `XCEPTION_LAYOUTS` with colons between; see
/// `make_keras1.py`.
@Suite("Layouts of one trained network", .enabled(if: !paths.isEmpty))
struct LayoutAgreementTests {
  @Test func `Give the same operations and weights`() throws {
    let first = try ModelImporter.read(path: paths[0]).model.graph
    for path in paths.dropFirst() {
      let other = try ModelImporter.read(path: path).model.graph
      #expect(other.nodes.map(\.operation) == first.nodes.map(\.operation), "\(path)")
      #expect(other.nodes.map(\.inputs) == first.nodes.map(\.inputs), "\(path)")
      #expect(other.nodes.map(\.parameters) == first.nodes.map(\.parameters), "\(path)")
      for (tensor, expected) in zip(other.tensors, first.tensors) {
        #expect(try tensor.values() == expected.values(), "\(path): \(tensor.name)")
      }
    }
  }
}
