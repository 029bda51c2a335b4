import CountedKernels
import Kernels

/// The register tiles of every arithmetic, at each tail of rows, columns and depth.
enum ProductChecks {
  private static let arithmetics = Arithmetic.allCases.filter { $0 != .bfloat16 }
  private static let elements = [MapElementType.float32, .bfloat16]

  static func run() {
    for arithmetic in arithmetics {
      for element in elements {
        expectWholeNumbers(arithmetic, element)
        expectRandomValues(arithmetic, element)
        expectFunctions(arithmetic, element)
        expectNotFinite(arithmetic, element)
      }
    }
    expectLargestIntegers()
    expectPeaks()
  }

  private static func expectWholeNumbers(_ arithmetic: Arithmetic, _ element: MapElementType) {
    var random = SplitMix64(seed: 3)
    for rows in arithmetic == .int8Weights ? 1...1 : 1...2 * CountedKernels.tileRows(arithmetic) + 1 {
      for index in 0..<6 {
        let depth = [1, 2, 3, 5, 15, 16, 17, 31, 32, 33, 63, 64, 65, 67, 130][(rows * 6 + index) % 15]
        let columns = [1, 7, 8, 12, 16, 17, 24, 25, 31, 32, 33, 40, 56, 57, 65][(rows * 7 + index * 4) % 15]
        // Sums stay below 2^8, so that bf16 holds them.
        var product = MadeProduct(
          CountedKernels.self, arithmetic, element, rows: rows, depth: depth, columns: columns
        ) { Float(Int.random(in: -1...1, using: &random)) }
        product.narrows = index % 2 == 0
        product.cuts = (1..<4).map { $0 * depth * columns / 4 }
        if index % 3 == 1 {
          product.residual = (0..<rows * columns).map { _ in Float(Int.random(in: -9...9, using: &random)) }
        }
        product.activation = [.identity, .relu, .relu6, .clip(minimum: -2, maximum: 5)][index % 4]
        let found = product.run()
        let what = "whole products \(arithmetic.name), \(element.name), \(rows) x \(depth) x \(columns)"
        Comparisons.expectEqual(found.values, product.plain().map { Float($0) }, what)
        Comparisons.expect(found.paddingIsZero, "\(what): padding")
      }
    }
  }

  private static func expectRandomValues(_ arithmetic: Arithmetic, _ element: MapElementType) {
    var random = SplitMix64(seed: 4)
    func bfloat16() -> Float { Float(bitPattern: Float.random(in: -1...1, using: &random).bitPattern & 0xffff_0000) }
    let isInteger = arithmetic == .int8 || arithmetic == .int16
    for (rows, depth, columns) in [(13, 150, 57), (1, 300, 40), (29, 37, 88)] {
      let rows = arithmetic == .int8Weights ? 1 : rows
      var product = MadeProduct(
        CountedKernels.self, arithmetic, element, rows: rows, depth: depth, columns: columns, value: bfloat16)
      if isInteger { product.left = product.left.map { ($0 * 127).rounded() } }
      if isInteger || arithmetic == .int8Weights {
        product.right = product.right.map { ($0 * 127).rounded() }
        product.columnScales = (0..<columns).map { _ in Float.random(in: 0.001...0.01, using: &random) }
      }
      if isInteger { product.rowScales = (0..<rows).map { _ in Float.random(in: 0.001...0.01, using: &random) } }
      product.residual = (0..<rows * columns).map { _ in bfloat16() }
      let found = product.run().values
      let magnitudes = product.plain(magnitudes: true)
      for (index, expected) in product.plain().enumerated() {
        var bound = (isInteger ? 6 : Double(depth) + 3) * 0x1p-24 * magnitudes[index]
        if element == .bfloat16 { bound += 0x1p-8 * (expected.magnitude + bound) }
        Comparisons.expectNear(
          found[index], expected, within: bound, "products \(arithmetic.name), \(element.name), value \(index)")
      }
    }
  }

  private static func expectFunctions(_ arithmetic: Arithmetic, _ element: MapElementType) {
    var random = SplitMix64(seed: 6)
    for (index, activation) in Activation.examples.enumerated() where activation.isDefinedBelowZero {
      let rows = arithmetic == .int8Weights ? 1 : [1, 5, 13, 17, 29][index % 5]
      let (depth, columns) = [(3, 25), (17, 57), (33, 40)][index % 3]
      var product = MadeProduct(CountedKernels.self, arithmetic, element, rows: rows, depth: depth, columns: columns) {
        Float(Int.random(in: -1...1, using: &random))
      }
      product.activation = activation
      if index % 2 == 0 {
        product.residual = (0..<rows * columns).map { _ in Float(Int.random(in: -9...9, using: &random)) }
      }
      let found = product.run().values
      for (value, expected) in product.plain().enumerated() {
        var bound = 0x1p-20 * max(expected.magnitude, 1)
        if element == .bfloat16 { bound += 0x1p-8 * expected.magnitude }
        Comparisons.expectNear(
          found[value], expected, within: bound,
          "\(arithmetic.name) products and activation \(activation.code), \(element.name), value \(value)")
      }
    }
  }

  /// Infinities and NaNs among the rows of floats, the scales and the residual.
  private static func expectNotFinite(_ arithmetic: Arithmetic, _ element: MapElementType) {
    let isInteger = arithmetic == .int8 || arithmetic == .int16
    for odd in [Float.nan, .infinity, -.infinity] {
      for activation in [Activation.identity, .relu6, .silu] {
        let rows = arithmetic == .int8Weights ? 1 : 8
        var random = SplitMix64(seed: 7)
        var product = MadeProduct(CountedKernels.self, arithmetic, element, rows: rows, depth: 21, columns: 19) {
          Float(Int.random(in: 1...3, using: &random))
        }
        product.activation = activation
        product.residual = [Float](repeating: 1, count: rows * 19)
        product.residual![18] = odd
        if isInteger { product.rowScales[5] = .nan } else { product.left[21 * (rows - 1) + 9] = odd }
        let found = product.run().values
        for (index, expected) in product.plain().enumerated() {
          let size = expected.magnitude.isFinite ? expected.magnitude : 0
          Comparisons.expectNear(
            found[index], expected, within: 0x1p-20 * max(size, 1) + (element == .bfloat16 ? 0x1p-8 * size : 0),
            "\(arithmetic.name) products with \(odd), activation \(activation.code), \(element.name), value \(index)")
        }
      }
    }
  }

  /// Neither products nor sums saturate or overflow, whatever the signs.
  private static func expectLargestIntegers() {
    for depth in [1, 2, 3, 4, 63, 64, 1000, 2048] {
      for (arithmetic, limit) in [(Arithmetic.int8, Int32(127)), (.int16, CountedKernels.shortLimit(channels: depth))] {
        for (left, right) in [(-1, -1), (-1, 1), (1, -1), (1, 1)] as [(Int32, Int32)] {
          if limit * limit > Int32.max / Int32(depth) { continue }
          var product = MadeProduct(CountedKernels.self, arithmetic, .float32, rows: 3, depth: depth, columns: 33) { 0 }
          product.left = product.left.map { _ in Float(left * limit) }
          product.right = product.right.map { _ in Float(right * limit) }
          let sum = Float(left * right * limit * limit * Int32(depth))
          Comparisons.expectEqual(
            product.run().values, [Float](repeating: sum, count: 99), "largest \(arithmetic.name), depth \(depth)")
        }
      }
    }
  }

  /// What the measured multiply-adds come to; those of integers are bits of anything.
  private static func expectPeaks() {
    let count = 100
    var expected = PlainSum()
    let width = CountedKernels.panelWidth
    for chain in 1...6 {
      for column in 0..<width {
        expected.add(Double(chain * width + column) * 0x1p-10)
        for _ in 0..<count { expected.add(Double(Float(0.999)) * Double(column) * 0x1p-10) }
      }
    }
    expected.expect(CountedKernels.multiplyAdds(count, .float32), "multiply-adds of floats")
    for arithmetic in [Arithmetic.int8, .int16] {
      let sums = (CountedKernels.multiplyAdds(count, arithmetic), CountedKernels.multiplyAdds(count, arithmetic))
      Comparisons.expectEqual([sums.0], [sums.1], "multiply-adds of \(arithmetic.name)")
    }
  }
}

extension Arithmetic {
  var name: StaticString {
    switch self {
    case .float32: "fp32"
    case .bfloat16: "bf16"
    case .bfloat16Weights: "bf16 weights"
    case .int8: "int8"
    case .int16: "int16"
    case .int8Weights: "int8 weights"
    }
  }
}

extension MapElementType {
  var name: StaticString { self == .float32 ? "fp32 map" : "packed map" }
}
