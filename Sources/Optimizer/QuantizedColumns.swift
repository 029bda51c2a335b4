import ModelGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The values of a kernel as integers of -127 to 127 with a scale for each column, its output channel: symmetric, so zero
/// stays zero, and each column's largest magnitude becomes 127.
///
/// A column whose largest magnitude is below `leastMagnitude` becomes zeros with the scale 1.
struct QuantizedColumns {
  /// Below it, scales would be subnormal.
  static let leastMagnitude: Float = 0x1p-119

  private(set) var scales: [Float]
  /// The integers, in two's complement, in the order of the values.
  private(set) var bytes: [UInt8]
  let signalToNoise: Double
  /// For each column, by how much the integers' product with the mean input exceeds that of the values.
  private(set) var shifts: [Double]

  /// - Parameter rowMeans: The mean of what each row is multiplied with; nil makes the shifts zero.
  /// - Precondition: The values are finite, and as many as `columns` divides.
  init(_ values: [Float], columns: Int, rowMeans: [Double]? = nil) {
    let largest = Self.largestMagnitudes(of: values, columns: columns)
    scales = largest.map { $0 < Self.leastMagnitude ? 1 : $0 / 127 }
    let factors = largest.map { $0 < Self.leastMagnitude ? 0 : 127 / $0 }
    bytes = [UInt8](repeating: 0, count: values.count)
    var noise = [Float](repeating: 0, count: columns)
    var signal = noise
    shifts = [Double](repeating: 0, count: columns)
    for row in 0..<values.count / columns {
      let mean = rowMeans?[row] ?? 0
      for column in 0..<columns {
        let scaled = values[row * columns + column] * factors[column]
        // Adding and subtracting 1.5 * 2^23, whose steps are 1, rounds to the nearest integer, ties to even.
        let rounded = scaled + 0x1.8p23 - 0x1.8p23
        bytes[row * columns + column] = UInt8(truncatingIfNeeded: Int32(rounded))
        // In terms of the column's scale, where no square underflows.
        signal[column] += scaled * scaled
        noise[column] += (scaled - rounded) * (scaled - rounded)
        shifts[column] += mean * Double(rounded - scaled)
      }
    }
    for column in 0..<columns { shifts[column] *= Double(scales[column]) }
    signalToNoise = decibels(signal: Self.total(signal, scales), noise: Self.total(noise, scales))
  }

  private static func largestMagnitudes(of values: [Float], columns: Int) -> [Float] {
    var largest = [Float](repeating: 0, count: columns)
    for row in 0..<values.count / columns {
      for column in 0..<columns { largest[column] = max(largest[column], values[row * columns + column].magnitude) }
    }
    return largest
  }

  private static func total(_ squares: [Float], _ scales: [Float]) -> Double {
    zip(squares, scales).reduce(0) { $0 + Double($1.0) * Double($1.1) * Double($1.1) }
  }
}

/// Values as binary16 or bfloat16, rounded to nearest, ties to even.
struct RoundedValues {
  /// Little-endian.
  private(set) var bytes: [UInt8] = []
  let signalToNoise: Double

  /// Nil where a value is beyond the type.
  ///
  /// - Precondition: The type is one of the two.
  init?(_ values: [Float], as type: ElementType) {
    bytes.reserveCapacity(values.count * 2)
    var (signal, noise) = (0.0, 0.0)
    for value in values {
      guard let bits = type == .float16 ? value.halfBitPattern : value.bfloatBitPattern else { return nil }
      bytes.append(UInt8(truncatingIfNeeded: bits))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
      let rounded = type == .float16 ? Float(halfBitPattern: bits) : Float(bitPattern: UInt32(bits) << 16)
      let error = Double(value) - Double(rounded)
      signal += Double(value) * Double(value)
      noise += error * error
    }
    signalToNoise = decibels(signal: signal, noise: noise)
  }
}

/// Infinite where there is no noise.
private func decibels(signal: Double, noise: Double) -> Double {
  noise == 0 ? .infinity : 10 * log10(signal / noise)
}
