import Kernels

extension MadeProduct {
  /// `activation(rows * columns * scales + bias + residual)`, or the same of absolute values without the activation.
  func plain(magnitudes: Bool = false) -> [Double] {
    func value(_ float: Float) -> Double { magnitudes ? abs(Double(float)) : Double(float) }
    let rowsScaled = arithmetic == .int8 || arithmetic == .int16
    let columnsScaled = rowsScaled || arithmetic == .int8Weights
    return (0..<rows * columns).map { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      var sum = 0.0
      for k in 0..<depth { sum += value(left[row * depth + k]) * value(right[k * columns + column]) }
      if rowsScaled { sum *= Double(rowScales[row]) }
      if columnsScaled { sum *= Double(columnScales[column]) }
      sum += value(bias[column])
      if let residual { sum += value(residual[index]) }
      return magnitudes ? sum : activation(sum)
    }
  }
}
