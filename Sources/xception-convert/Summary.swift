import CommandSupport
import Comparison
import ModelGraph
import Optimizer

/// What was converted, in a few lines or as an object.
struct Summary {
  var model: Model
  var input: String
  var output: String
  var time: Duration
  /// What quantizing did; empty where nothing was quantized.
  var quantized: [QuantizedTensor]
  /// With the model as it was, where that was asked for.
  var comparison: ComparisonReport?

  func text() throws -> String {
    let (graph, metadata) = (model.graph, model.metadata)
    let rows: [(String, String)] = [
      ("architecture", metadata.architecture),
      ("input", "\(graph.inputShape)"),
      ("output", "\(graph.outputShape) \(metadata.output.rawValue), \(metadata.labels.count) labels"),
      ("layers", "\(graph.nodes.count - 1)"),
      ("parameters", "\(graph.parameterCount)"),
      ("size", "\(try fileSize(of: input)) bytes read, \(try fileSize(of: output)) written"),
      ("time", "\((time.milliseconds / 100).rounded() / 10) s"),
    ]
    let facts = rows.map { $0 + String(repeating: " ", count: 14 - $0.count) + $1 }.joined(separator: "\n")
    return ([quantized.isEmpty ? nil : quantized.table, facts, comparison?.text] as [String?]).compactMap { $0 }
      .joined(separator: "\n\n")
  }

  struct Object: Encodable {
    var file: String
    var architecture: String
    var input: [Int]
    var output: String
    var outputs: Int
    var labels: Int
    var layers: Int
    var parameters: Int
    var sourceSHA256: String?
    var bytesRead: Int
    var bytesWritten: Int
    var seconds: Double
    var quantized: [QuantizedTensor.Object]?
    var comparison: ComparisonReport?
  }

  /// The same for programs.
  func object() throws -> Object {
    let (graph, metadata) = (model.graph, model.metadata)
    return Object(
      file: output, architecture: metadata.architecture, input: graph.inputShape.dimensions,
      output: metadata.output.rawValue, outputs: graph.outputShape.elementCount, labels: metadata.labels.count,
      layers: graph.nodes.count - 1, parameters: graph.parameterCount,
      sourceSHA256: metadata.source?.hexadecimalDigest, bytesRead: try fileSize(of: input),
      bytesWritten: try fileSize(of: output), seconds: (time.milliseconds).rounded() / 1000,
      quantized: quantized.isEmpty ? nil : quantized.map(\.object), comparison: comparison)
  }
}
