import ModelGraph

/// Weights that the file quantizes, or that it has as integers.
extension ConstantFolding {
  /// Numbers over their scale, rounded to the nearest and even integer, plus the zero point.
  static func quantized(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    let constant = try operation.requireConstant(0)
    _ = try count(of: constant.dimensions, operation)
    let scheme = try QuantizationScheme(operation, of: constant)
    let (lowest, highest) = try operation.quantizedRange()
    var integers: [Int] = []
    for (index, value) in try constant.floats().enumerated() {
      let steps = (value / scheme.scale(at: index)).rounded(.toNearestOrEven)
      guard steps.isFinite else { throw operation.error("quantizes \(value) by the scale \(scheme.scale(at: index))") }
      let bounded = Int(max(-0x1p20, min(0x1p20, steps)))
      integers.append(max(lowest, min(highest, bounded + scheme.zeroPoint(at: index))))
    }
    return ONNXConstant(dimensions: constant.dimensions, values: .ints(integers))
  }

  /// Integers times their scale, after the zero point is taken off; integers are kept where there is none.
  static func dequantized(_ operation: ONNXOperation) throws(ImportError) -> ONNXConstant {
    let quantized = try operation.requireConstant(0)
    let scheme = try QuantizationScheme(operation, of: quantized)
    if case .stored(let array) = quantized.values, array.elementType == .int8, quantized.dimensions.count > 1,
      scheme.zeroPoints.allSatisfy({ $0 == 0 })
    {
      return ONNXConstant(
        dimensions: quantized.dimensions, values: .scaled(array, scale: scheme.scales, axis: scheme.axis))
    }
    guard let ints = try quantized.ints() else { throw operation.error("dequantizes fractions") }
    let values = ints.enumerated().map { index, value in
      Float(Double(value) - Double(scheme.zeroPoint(at: index))) * scheme.scale(at: index)
    }
    return ONNXConstant(dimensions: quantized.dimensions, values: .floats(values))
  }
}

/// Scales and zero points: one for all numbers, or one for each index along an axis.
private struct QuantizationScheme {
  let scales: [Float]
  let zeroPoints: [Int]
  let axis: Int
  private let size: Int
  private let step: Int

  init(_ operation: ONNXOperation, of constant: ONNXConstant) throws(ImportError) {
    scales = try operation.requireConstant(1).floats()
    zeroPoints = try operation.ints(input: 2) ?? [0]
    let rank = constant.dimensions.count
    axis = scales.count == 1 ? max(0, rank - 1) : try operation.axis(try operation.int("axis", default: 1), rank: rank)
    size = rank == 0 ? 1 : constant.dimensions[axis]
    step = constant.dimensions.dropFirst(axis + 1).reduce(1, *)
    guard scales.count == 1 || scales.count == size, zeroPoints.count == 1 || zeroPoints.count == size,
      zeroPoints.allSatisfy({ $0.magnitude <= 1 << 16 }), try operation.int("block_size", default: 0) == 0
    else {
      throw operation.error("has \(scales.count) scales and \(zeroPoints.count) zero points for \(size) channels")
    }
  }

  func scale(at index: Int) -> Float { scales[scales.count == 1 ? 0 : index / step % size] }

  func zeroPoint(at index: Int) -> Int { zeroPoints[zeroPoints.count == 1 ? 0 : index / step % size] }
}
