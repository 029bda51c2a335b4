/// What an ONNX file holds, as far as a network needs it (`onnx.proto`); tensors' values stay in the file.
struct ONNXModel {
  /// The version of each set of operations, by its domain; "" is ONNX's own.
  var opsets: [String: Int] = [:]
  var producer = ""
  var graph = ONNXGraph()
  /// The names of functions that the model defines itself, with their domains.
  var functions: [String] = []
}

struct ONNXGraph {
  var name = ""
  var nodes: [ONNXNode] = []
  var initializers: [ONNXTensor] = []
  var inputs: [ONNXValueInfo] = []
  var outputs: [ONNXValueInfo] = []
}

struct ONNXNode {
  var name = ""
  var operation = ""
  var domain = ""
  /// The names of values; an empty one stands for an optional input that is not given.
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [String: ONNXAttribute] = [:]
}

/// A value's name, type and shape; a dimension that is open is nil.
struct ONNXValueInfo {
  var name = ""
  var elementType = 0
  var dimensions: [Int?]?
}

enum ONNXAttribute {
  case int(Int)
  case float(Float)
  case string(String)
  case ints([Int])
  case floats([Float])
  case tensor(ONNXTensor)
  /// Of a kind that no operation here reads: a graph, a sparse tensor, strings.
  case other(String)
}

/// A tensor of an ONNX file: where its values lie.
struct ONNXTensor {
  enum Payload {
    /// Little-endian, packed, in the model's file.
    case raw(Range<Int>)
    /// Numbers of the fields that hold one type each, in the order in which they lie in the file.
    case fields([Field])
    case external(ExternalData)
  }

  struct Field {
    enum Encoding { case fixed32, fixed64, varint }

    var encoding: Encoding
    /// Packed numbers, one or more.
    var range: Range<Int>
  }

  /// A part of another file.
  struct ExternalData {
    var location: String
    var offset = 0
    /// Nil means everything that follows.
    var length: Int?
  }

  var name = ""
  var dimensions: [Int] = []
  var type = 0
  var payload = Payload.fields([])
}
