import CommandSupport
import Comparison
import ModelGraph
import Optimizer
import PlainText
import Xception

/// What a conversion read and wrote, in a few lines or as an object.
struct ConversionSummary {
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
    let rows: [(name: String, text: String)] = [
      ("architecture", metadata.architecture),
      ("input", "\(graph.inputShape)"),
      ("output", "\(graph.outputShape) \(metadata.output.rawValue), \(metadata.labels.count) labels"),
      ("classes", "\(Head(of: model).kind)"),
      ("layers", "\(graph.nodes.count - 1)"),
      ("parameters", "\(graph.parameterCount)"),
      ("size", "\(try fileSize(of: input)) bytes read, \(try fileSize(of: output)) written"),
      ("time", "\((time.milliseconds / 100).rounded() / 10) s"),
    ]
    let parts = [quantized.isEmpty ? nil : quantized.table, factSheet(rows), comparison?.text]
    return parts.compactMap { $0 }.joined(separator: "\n\n")
  }

  struct Object: Encodable {
    var file: String
    var architecture: String
    var input: [Int]
    var output: String
    /// What the classes are to each other.
    var kind: Classifier.Kind
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
      output: metadata.output.rawValue, kind: Head(of: model).kind, outputs: graph.outputShape.elementCount,
      labels: metadata.labels.count, layers: graph.nodes.count - 1, parameters: graph.parameterCount,
      sourceSHA256: metadata.source?.hexadecimalDigest, bytesRead: try fileSize(of: input),
      bytesWritten: try fileSize(of: output), seconds: (time.milliseconds).rounded() / 1000,
      quantized: quantized.isEmpty ? nil : quantized.map(\.object), comparison: comparison)
  }
}
