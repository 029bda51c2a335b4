import ModelGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What was converted, in a few lines or as a JSON object.
struct Summary {
  var model: Model
  var input: String
  var output: String
  var time: Duration

  private var seconds: Double { Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18 }

  func text() throws -> String {
    let (graph, metadata) = (model.graph, model.metadata)
    let rows: [(String, String)] = [
      ("architecture", metadata.architecture),
      ("input", "\(graph.inputShape)"),
      ("output", "\(graph.outputShape) \(metadata.output.rawValue), \(metadata.labels.count) labels"),
      ("layers", "\(graph.nodes.count - 1)"),
      ("parameters", "\(graph.parameterCount)"),
      ("size", "\(try Self.size(of: input)) bytes read, \(try Self.size(of: output)) written"),
      ("time", "\((seconds * 10).rounded() / 10) s"),
    ]
    return rows.map { $0 + String(repeating: " ", count: 14 - $0.count) + $1 }.joined(separator: "\n")
  }

  func json() throws -> String {
    let (graph, metadata) = (model.graph, model.metadata)
    let digest = metadata.source?.sha256.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() ?? ""
    let members: [(String, String)] = [
      ("file", quoted(output)),
      ("architecture", quoted(metadata.architecture)),
      ("input", "[" + graph.inputShape.dimensions.map(String.init).joined(separator: ", ") + "]"),
      ("output", quoted(metadata.output.rawValue)),
      ("outputs", "\(graph.outputShape.elementCount)"),
      ("labels", "\(metadata.labels.count)"),
      ("layers", "\(graph.nodes.count - 1)"),
      ("parameters", "\(graph.parameterCount)"),
      ("sourceSHA256", quoted(digest)),
      ("bytesRead", "\(try Self.size(of: input))"),
      ("bytesWritten", "\(try Self.size(of: output))"),
      ("seconds", "\((seconds * 1000).rounded() / 1000)"),
    ]
    return "{" + members.map { "\(quoted($0)): \($1)" }.joined(separator: ", ") + "}"
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

/// A JSON string.
private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": result += "\\" + String(scalar)
    case "\u{0}"..<"\u{20}":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
