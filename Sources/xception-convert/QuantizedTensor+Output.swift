import ModelGraph
import Optimizer
import PlainText

extension [QuantizedTensor] {
  /// A line for each tensor, and the total.
  var table: String {
    var rows = [["layer", "weights", "stored as", "SNR, dB", "bytes", "before"]]
    for tensor in self {
      rows.append([
        tensor.node, "\(tensor.elementCount)", tensor.newType.name, tensor.signalToNoise.rounded(decimals: 1),
        "\(tensor.newByteCount)", "\(tensor.oldByteCount)",
      ])
    }
    rows.append([
      "total", "\(sum(\.elementCount))", "", "", "\(sum(\.newByteCount))", "\(sum(\.oldByteCount))",
    ])
    return PlainText.table(rows, leftAligned: [0, 2])
  }

  private func sum(_ count: (QuantizedTensor) -> Int) -> Int { reduce(0) { $0 + count($1) } }
}

extension QuantizedTensor {
  struct Object: Encodable {
    var layer: String
    var tensor: String
    var weights: Int
    var type: String
    /// In decibels; null where the stored weights are exactly the old ones.
    var signalToNoise: Double?
    var bytes: Int
    var bytesBefore: Int
  }

  var object: Object {
    Object(
      layer: node, tensor: name, weights: elementCount, type: newType.name,
      signalToNoise: signalToNoise.isFinite ? (signalToNoise * 100).rounded() / 100 : nil, bytes: newByteCount,
      bytesBefore: oldByteCount)
  }
}

extension ElementType {
  /// As the options of the commands name it.
  fileprivate var name: String {
    switch self {
    case .float32: "fp32"
    case .float16: "fp16"
    case .bfloat16: "bf16"
    case .int8: "int8"
    case .int32: "int32"
    }
  }
}
