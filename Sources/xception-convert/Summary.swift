import CommandSupport
import ModelGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What was converted, in a few lines or as an object.
struct Summary {
  var model: Model
  var input: String
  var output: String
  var time: Duration

  func text() throws -> String {
    let (graph, metadata) = (model.graph, model.metadata)
    let rows: [(String, String)] = [
      ("architecture", metadata.architecture),
      ("input", "\(graph.inputShape)"),
      ("output", "\(graph.outputShape) \(metadata.output.rawValue), \(metadata.labels.count) labels"),
      ("layers", "\(graph.nodes.count - 1)"),
      ("parameters", "\(graph.parameterCount)"),
      ("size", "\(try Self.size(of: input)) bytes read, \(try Self.size(of: output)) written"),
      ("time", "\((time.milliseconds / 100).rounded() / 10) s"),
    ]
    return rows.map { $0 + String(repeating: " ", count: 14 - $0.count) + $1 }.joined(separator: "\n")
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
  }

  /// The same for programs.
  func object() throws -> Object {
    let (graph, metadata) = (model.graph, model.metadata)
    return Object(
      file: output, architecture: metadata.architecture, input: graph.inputShape.dimensions,
      output: metadata.output.rawValue, outputs: graph.outputShape.elementCount, labels: metadata.labels.count,
      layers: graph.nodes.count - 1, parameters: graph.parameterCount,
      sourceSHA256: metadata.source?.hexadecimalDigest, bytesRead: try Self.size(of: input),
      bytesWritten: try Self.size(of: output), seconds: (time.milliseconds).rounded() / 1000)
  }

  private static func size(of path: String) throws -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { throw SizeError(path: path, reason: String(cString: strerror(errno))) }
    return Int(status.st_size)
  }

  private struct SizeError: Error, CustomStringConvertible {
    var path: String
    var reason: String
    var description: String { "\(path): \(reason)" }
  }
}
