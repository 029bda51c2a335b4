import Architectures
import Foundation
import ModelGraph
import Reference
import Testing

@testable import ModelImport

private let environment = ProcessInfo.processInfo.environment
private let zoo = environment["XCEPTION_ZOO"] ?? ""
private let weights = environment["XCEPTION_ZOO_WEIGHTS"] ?? ""
private let networks = ArchitectureCatalog.inKeras.map(\.name).filter { name in
  ["weights.h5", "h5"].contains { FileManager.default.fileExists(atPath: "\(weights)/\(name).\($0)") }
}

/// Files of weights alone, XCEPTION_ZOO_WEIGHTS/NAME.weights.h5 and NAME.h5, beside the models XCEPTION_ZOO/NAME.keras that
/// they were taken from; see `make_weights_only.py`. The input is small, which a plain executor can stand.
@Suite("All networks of keras.applications", .enabled(if: !networks.isEmpty))
struct ZooAgreementTests {
  @Test(arguments: networks, ["weights.h5", "h5"])
  func `Weights alone make the network that the whole file has`(name: String, suffix: String) throws {
    guard FileManager.default.fileExists(atPath: "\(weights)/\(name).\(suffix)") else { return }
    var options = ImportOptions()
    options.inputSize = Extent(Self.side(of: name))
    options.output = .classLogits
    let whole = try ModelImporter.read(path: "\(zoo)/\(name).keras", options: options).model.graph
    let alone = try ModelImporter.read(path: "\(weights)/\(name).\(suffix)", options: options)
    #expect(alone.model.metadata.architecture == name)
    #expect(alone.notes.contains("weights without a network; of those known by name they fit \(name) alone"))
    let input = Metadata.Golden.input(seed: 1, count: whole.inputShape.elementCount)
    let expected = try ReferenceExecutor(whole).run(input)
    let found = try ReferenceExecutor(alone.model.graph).run(input)
    try #require(found.count == expected.count)
    let largest = expected.map(abs).max() ?? 0
    let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(difference <= 1e-5 * max(1, largest), "\(name).\(suffix): \(difference) of \(largest)")
    print("\(name).\(suffix): differs by \(difference), largest \(largest)")
  }

  /// Sides that are odd and even along the way where those of the saved model are: its zero padding was made for them.
  private static func side(of name: String) -> Int {
    switch name {
    case "Xception", "InceptionV3", "InceptionResNetV2", "NASNetLarge": 75
    case "EfficientNetB1", "EfficientNetB6": 48
    case "EfficientNetB2": 36
    case "EfficientNetB3": 44
    case "EfficientNetB4": 28
    case "EfficientNetB5": 72
    case "EfficientNetB7": 24
    case "VGG16", "VGG19": 224
    default: 32
    }
  }
}
