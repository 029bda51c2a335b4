import ModelGraph
import Optimizer

@testable import HDF5
@testable import ModelImport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The translator of Keras's descriptions alone: the weights are read once.
///
/// The first byte chooses the fixture whose weights are used, the second the options; the rest is its `config.json`, changed.
struct KerasTarget: FuzzTarget {
  private struct Fixture {
    var weights: Keras3Weights
    var isKeras3: Bool
  }

  private let fixtures: [Fixture]

  init() {
    fixtures = fuzzFixtures("KERAS").map { bytes in
      let archive = try! ZipArchive(bytes)
      let weights = try! archive.contents(of: "model.weights.h5", limit: 1 << 24)!
      let root = try! KerasGroup(weights, limits: ImportLimits())
      let metadata = try! JSONParser.parse(archive.contents(of: "metadata.json", limit: 1 << 16)!.array)
      return Fixture(
        weights: Keras3Weights(root), isKeras3: metadata["keras_version"]?.string?.hasPrefix("3") ?? false)
    }
  }

  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    guard bytes.count > 2 else { return .foreign }
    let fixture = unsafe fixtures[Int(bytes[0]) % fixtures.count]
    var options = ImportOptions()
    if unsafe bytes[1] & 1 == 1 { options.inputSize = Extent(height: 9, width: 11) }
    do throws(ImportError) {
      let model = try KerasModel(try JSONParser.parse(unsafe Array(bytes[2...])))
      let graph = try KerasTranslator.translate(
        model, weights: fixture.weights, options: options, isKeras3: fixture.isKeras3
      ).graph
      if graph.multiplyAdds < 1 << 20 { _ = try? Optimizer.optimize(graph) }
      return .accepted
    } catch {
      return .refused
    }
  }

  func mutated(_ bytes: [UInt8], _ random: inout FuzzRandom) -> [UInt8]? {
    guard bytes.count > 2, let description = JSONMutation.mutated(Array(bytes[2...]), &random) else { return nil }
    return [bytes[0], random.chance(16) ? UInt8(random.below(256)) : bytes[1]] + description
  }
}

/// The files whose paths a variable lists, separated by colons.
func fuzzFixtures(_ kind: String) -> [[UInt8]] {
  let paths = ProcessInfo.processInfo.environment["FUZZ_\(kind)"] ?? ""
  let files = paths.split(separator: ":").map { path in
    guard let file = try? Data(contentsOf: URL(fileURLWithPath: String(path))) else { fatalError("no file \(path)") }
    return [UInt8](file)
  }
  guard !files.isEmpty else { fatalError("FUZZ_\(kind) names no files") }
  return files
}
