import Kernels
import ModelGraph
import Runtime
import Testing

/// The register tiles of every arithmetic, without a plan, against plain loops.
@Suite struct TileTests {
  /// An arithmetic of an instruction set.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var kernels: any KernelSet.Type
    var arithmetic: Arithmetic

    var testDescription: String { "\(name), \(arithmetic)" }
  }

  /// What each instruction set has, and what matrix registers would have.
  private static let cases: [Case] =
    InstructionSet.supported.flatMap { set in
      Arithmetic.allCases.compactMap { arithmetic in
        arithmetic == .bfloat16 && !set.kernels.isNative(arithmetic)
          ? nil : Case(name: set.rawValue, kernels: set.kernels, arithmetic: arithmetic)
      }
    }
    + [Arithmetic.int8, .bfloat16].map {
      Case(name: "emulated matrix registers", kernels: EmulatedTiles.self, arithmetic: $0)
    }

  @Test(arguments: cases, [MapElementType.float32, .bfloat16])
  func `Whole numbers are exact at each tail of rows, columns and depth`(of: Case, element: MapElementType) {
    let kernels = of.kernels
    var random = SplitMix64(seed: 3)
    for rows in of.arithmetic == .int8Weights ? 1...1 : 1...2 * kernels.tileRows(of.arithmetic) + 1 {
      for index in 0..<6 {
        let depth = [1, 2, 3, 5, 15, 16, 17, 31, 32, 33, 63, 64, 65, 67, 130][(rows * 6 + index) % 15]
        let columns = [1, 7, 8, 12, 16, 17, 24, 25, 31, 32, 33, 40, 56, 57, 65][(rows * 7 + index * 4) % 15]
        // Sums stay below 2^8, so that bf16 holds them.
        var product = MadeProduct(
          kernels, of.arithmetic, element, rows: rows, depth: depth, columns: columns
        ) { Float(Int.random(in: -1...1, using: &random)) }
        product.narrows = index % 2 == 0
        product.cuts = (1..<4).map { $0 * depth * columns / 4 }
        if index % 3 == 1 {
          product.residual = (0..<rows * columns).map { _ in Float(Int.random(in: -9...9, using: &random)) }
        }
        product.activation = [.identity, .relu, .relu6, .clip(minimum: -2, maximum: 5)][index % 4]
        let found = product.run()
        #expect(found.values == product.plain().map(Float.init), "\(rows) x \(depth) x \(columns)")
        #expect(found.paddingIsZero, "\(rows) x \(depth) x \(columns)")
      }
    }
  }

  /// Four panels are multiplied at once where there are as many.
  @Test(arguments: cases, [MapElementType.float32, .bfloat16])
  func `One row is exact for any number of column panels`(of: Case, element: MapElementType) {
    var random = SplitMix64(seed: 7)
    let width = of.kernels.panelWidth
    for panels in 1...9 {
      for (index, activation) in [Activation.identity, .relu6, .hardSwish].enumerated() {
        let columns = panels * width - [0, 3, width / 2, width / 4 + 1][(panels + index) % 4]
        var product = MadeProduct(
          of.kernels, of.arithmetic, element, rows: 1, depth: [1, 16, 23, 40][panels % 4], columns: columns
        ) { Float(Int.random(in: -1...1, using: &random)) }
        if index != 1 { product.residual = (0..<columns).map { _ in Float(Int.random(in: -9...9, using: &random)) } }
        product.activation = activation
        let found = product.run()
        let expected = product.plain()
        // A sixth of a product of whole numbers is rounded, and so is a packed one.
        let bound = activation == .hardSwish ? (element == .bfloat16 ? 0x1p-8 : 0x1p-20) : 0
        #expect(
          found.values.indices.allSatisfy { abs(Double(found.values[$0]) - expected[$0]) <= bound * abs(expected[$0]) },
          "\(panels) panels, \(activation)")
        #expect(found.paddingIsZero, "\(panels) panels, \(activation)")
      }
    }
  }

  /// `|error| <= (terms + 3) 2^-24 M`, where M is the sum of absolute products (Higham 2002, section 3.1), and the rounding of
  /// a packed output. `vdpbf16ps` rounds each sum twice.
  @Test(arguments: cases, [MapElementType.float32, .bfloat16])
  func `Random values stay within the bound of their sums`(of: Case, element: MapElementType) {
    var random = SplitMix64(seed: 4)
    let isInteger = of.arithmetic == .int8 || of.arithmetic == .int16
    for (rows, depth, columns) in [(13, 150, 57), (1, 300, 40), (29, 37, 88)] {
      let rows = of.arithmetic == .int8Weights ? 1 : rows
      var product = MadeProduct(of.kernels, of.arithmetic, element, rows: rows, depth: depth, columns: columns) {
        Float(bitPattern: Float.random(in: -1...1, using: &random).bitPattern & 0xffff_0000)
      }
      if isInteger { product.left = product.left.map { ($0 * 127).rounded() } }
      if isInteger || of.arithmetic == .int8Weights {
        product.right = product.right.map { ($0 * 127).rounded() }
        product.columnScales = (0..<columns).map { _ in Float.random(in: 0.001...0.01, using: &random) }
      }
      if isInteger { product.rowScales = (0..<rows).map { _ in Float.random(in: 0.001...0.01, using: &random) } }
      product.residual = (0..<rows * columns).map { _ in
        Float(bitPattern: Float.random(in: -1...1, using: &random).bitPattern & 0xffff_0000)
      }
      let found = product.run().values
      let expected = product.plain()
      let magnitudes = product.plain(magnitudes: true)
      for index in found.indices {
        let terms = isInteger ? 6 : 2 * Double(depth) + 3
        var bound = terms * 0x1p-24 * magnitudes[index]
        if element == .bfloat16 { bound += 0x1p-8 * (abs(expected[index]) + bound) }
        let error = abs(Double(found[index]) - expected[index])
        #expect(error <= bound, "\(rows) x \(depth) x \(columns), value \(index)")
      }
    }
  }

  /// What is not limits is applied to the finished floats, which are rounded once: of whole sums each function's value is within
  /// 16 units of 2^-24 of the exact one, and a packed output within its rounding.
  @Test(arguments: cases, [MapElementType.float32, .bfloat16])
  func `Any function is applied before the one rounding`(of: Case, element: MapElementType) {
    var random = SplitMix64(seed: 6)
    for (index, activation) in Activation.examples.enumerated() where activation.isDefinedBelowZero {
      let rows = of.arithmetic == .int8Weights ? 1 : [1, 5, 13, 17, 29][index % 5]
      let (depth, columns) = [(3, 25), (17, 57), (33, 40)][index % 3]
      var product = MadeProduct(of.kernels, of.arithmetic, element, rows: rows, depth: depth, columns: columns) {
        Float(Int.random(in: -1...1, using: &random))
      }
      product.activation = activation
      if index % 2 == 0 {
        product.residual = (0..<rows * columns).map { _ in Float(Int.random(in: -9...9, using: &random)) }
      }
      let found = product.run().values
      let expected = product.plain()
      for index in found.indices {
        var bound = 0x1p-20 * max(abs(expected[index]), 1)
        if element == .bfloat16 { bound += 0x1p-8 * abs(expected[index]) }
        #expect(abs(Double(found[index]) - expected[index]) <= bound, "\(activation), value \(index)")
      }
    }
  }

  /// Neither the products of two bytes nor their sums saturate, whatever the signs.
  @Test(arguments: InstructionSet.supported, [(-127, -127), (-127, 127), (127, -127), (127, 127)])
  func `The largest bytes are multiplied without saturation`(set: InstructionSet, values: (left: Int, right: Int)) {
    for depth in [1, 4, 63, 1000] {
      var product = MadeProduct(set.kernels, .int8, .float32, rows: 3, depth: depth, columns: 33) { 0 }
      product.left = product.left.map { _ in Float(values.left) }
      product.right = product.right.map { _ in Float(values.right) }
      #expect(product.run().values == [Float](repeating: Float(values.left * values.right * depth), count: 99))
    }
  }

  /// As large as their number allows, so that a sum comes to all but 2^31.
  @Test(arguments: InstructionSet.supported, [-1, 1])
  func `The largest integers of 16 bits are summed without overflow`(set: InstructionSet, sign: Float) {
    for depth in [2, 3, 64, 512, 1000, 2048] {
      let limit = Float(set.kernels.shortLimit(channels: depth))
      var product = MadeProduct(set.kernels, .int16, .float32, rows: 3, depth: depth, columns: 33) { 0 }
      product.left = product.left.map { _ in limit }
      product.right = product.right.map { _ in sign * limit }
      let sum = Float(Int32(sign) * Int32(limit) * Int32(limit) * Int32(depth))
      #expect(product.run().values == [Float](repeating: sum, count: 99))
    }
  }

  @Test(arguments: InstructionSet.supported) func `Rows without a scale are not a number, and no others`(
    set: InstructionSet
  ) {
    for element in [MapElementType.float32, .bfloat16] {
      var product = MadeProduct(set.kernels, .int8, element, rows: 5, depth: 40, columns: 20) { 1 }
      product.rowScales[3] = .nan
      product.activation = .relu6
      let found = product.run().values
      for index in found.indices {
        #expect(index / 20 == 3 ? found[index].isNaN : found[index] == 6)
      }
    }
  }

  @Test(arguments: InstructionSet.supported) func `Packed outputs are rounded to nearest even and keep what is special`(
    set: InstructionSet
  ) {
    let values: [(from: UInt32, to: UInt32)] = [
      (0x3f80_7fff, 0x3f80_0000), (0x3f80_8000, 0x3f80_0000), (0x3f80_8001, 0x3f81_0000), (0x3f81_8000, 0x3f82_0000),
      (0xbf81_7fff, 0xbf81_0000), (0xbf81_8000, 0xbf82_0000), (0x7f7f_ffff, 0x7f80_0000), (0x7f80_0000, 0x7f80_0000),
      (0xff80_0000, 0xff80_0000), (0x8000_0000, 0x0000_0000), (0x0080_0000, 0x0080_0000),
    ]
    var product = MadeProduct(set.kernels, .float32, .bfloat16, rows: 15, depth: 1, columns: values.count + 1) { 0 }
    product.bias = values.map { Float(bitPattern: $0.from) } + [Float(bitPattern: 0x7fff_ffff)]
    let found = product.run().values
    for index in found.indices {
      let column = index % (values.count + 1)
      if column == values.count {
        #expect(found[index].isNaN)
      } else {
        #expect(found[index] == Float(bitPattern: values[column].to))
      }
    }
  }

  @Test(arguments: cases) func `Weights are packed the same in one part and in many`(of: Case) {
    var random = SplitMix64(seed: 5)
    let rows = of.arithmetic == .int8Weights ? 1 : 2
    var product = MadeProduct(of.kernels, of.arithmetic, .float32, rows: rows, depth: 101, columns: 70) {
      Float(Int.random(in: -100...100, using: &random))
    }
    let whole = product.run().values
    #expect(whole == product.plain().map(Float.init))
    for size in [1, 7, 64, 1000] {
      product.cuts = Array(stride(from: size, to: 101 * 70, by: size))
      #expect(product.run().values == whole)
    }
  }
}
