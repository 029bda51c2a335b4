import CTestSupport
import Kernels

/// Matrix registers as plain loops: what `X86AMX` makes of a product is tested on processors without AMX too.
enum EmulatedTiles: MatrixTileUnit {
  typealias Vector = SIMD16<Float>
  typealias Columns = SIMD32<Float>
  typealias Half = SIMD8<Float>
  typealias Integers = SIMD16<Int32>
  typealias HalfIntegers = SIMD8<Int32>

  static let tileRows = matrixRows
  static let channelsPerByteWord = 4
  static let rowShift: Int32 = 128

  static func isNative(_ arithmetic: Arithmetic) -> Bool { usesMatrixRegisters(arithmetic) }

  static func multiply(_ product: Product) {
    switch product.arithmetic {
    case .int8: multiplyTiles(product, IntegerTile<Self>.self)
    case .bfloat16: multiplyBFloat16(product)
    case .float32, .bfloat16Weights, .int16, .int8Weights: preconditionFailure("no product of matrix registers")
    }
  }

  // MARK: Registers

  static func configureTiles() { emulated_tiles_clear() }

  static func releaseTiles() { emulated_tiles_clear() }

  static func clearSums(_ count: TileCount) {
    let zeros = [Float](repeating: 0, count: 16)
    for tile in 0..<2 * rank(count) { unsafe emulated_tile_load(Int32(tile), zeros, 0) }
  }

  static func load(
    _ count: TileCount, rows: UnsafePointer<Float>, more: UnsafePointer<Float>, columns: UnsafePointer<Float>
  ) {
    unsafe emulated_tile_load(4, rows, 64)
    if count == .two { unsafe emulated_tile_load(5, more, 64) }
    unsafe emulated_tile_load(6, columns, 128)
    unsafe emulated_tile_load(7, columns + 16, 128)
  }

  static func multiplyBytes(_ count: TileCount) {
    for tile in 0..<2 * Int32(rank(count)) { emulated_tile_multiply_bytes(tile, 4 + tile / 2, 6 + tile % 2) }
  }

  static func multiplyBFloat16s(_ count: TileCount) {
    for tile in 0..<2 * Int32(rank(count)) { emulated_tile_multiply_bf16(tile, 4 + tile / 2, 6 + tile % 2) }
  }

  static func storeSums(_ count: TileCount, to sums: UnsafeMutablePointer<Float>) {
    for tile in 0..<2 * rank(count) {
      unsafe emulated_tile_store(Int32(tile), sums + (tile / 2 * 512 + tile % 2 * 16), 128)
    }
  }

  private static func rank(_ count: TileCount) -> Int { count == .two ? 2 : 1 }

  // MARK: Vectors

  static func add(_ a: Vector, _ b: Vector) -> Vector { a + b }
  static func subtract(_ a: Vector, _ b: Vector) -> Vector { a - b }
  static func multiply(_ a: Vector, _ b: Vector) -> Vector { a * b }
  static func maximum(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .> b) }
  static func minimum(_ a: Vector, _ b: Vector) -> Vector { b.replacing(with: a, where: a .< b) }
  static func maximumOrNaN(_ a: Vector, _ b: Vector) -> Vector { maximum(a, b).replacing(with: a, where: a .!= a) }
  static func squareRoot(_ a: Vector) -> Vector { a.squareRoot() }
  static func maximum(_ a: Integers, _ b: Integers) -> Integers { pointwiseMax(a, b) }
  static func maximumShorts(_ a: Integers, _ b: Integers) -> Integers {
    let (a, b) = unsafe (unsafeBitCast(a, to: SIMD32<Int16>.self), unsafeBitCast(b, to: SIMD32<Int16>.self))
    return unsafe unsafeBitCast(a.replacing(with: b, where: b .> a), to: Integers.self)
  }

  static func largest(_ a: Integers) -> Int32 { a.max() }
  static func inOrder(_ vector: Vector) -> Vector { vector }
  static func floats(_ integers: Integers) -> Vector { Vector(integers) }

  static func byteFloats(at address: UnsafeRawPointer) -> Vector {
    unsafe Vector(address.loadUnaligned(as: SIMD16<Int8>.self))
  }

  static func integerWeights(at address: UnsafePointer<Float>) -> Integers {
    unsafe UnsafeRawPointer(address).loadUnaligned(as: Integers.self)
  }

  static func halfIntegerWeights(at address: UnsafePointer<Float>) -> HalfIntegers {
    unsafe UnsafeRawPointer(address).loadUnaligned(as: HalfIntegers.self)
  }

  static func addDotProduct(_ sum: inout Integers, _ weights: Integers, _ word: Integers) {
    let weights = unsafe unsafeBitCast(weights, to: SIMD64<Int8>.self)
    let word = unsafe unsafeBitCast(word, to: SIMD64<UInt8>.self)
    for lane in 0..<64 { sum[lane / 4] += Int32(weights[lane]) * Int32(word[lane]) }
  }

  static func addDotProduct(_ sum: inout HalfIntegers, _ weights: HalfIntegers, _ word: HalfIntegers) {
    var whole = Integers(lowHalf: sum, highHalf: .zero)
    addDotProduct(
      &whole, Integers(lowHalf: weights, highHalf: .zero), Integers(lowHalf: word, highHalf: .zero))
    sum = whole.lowHalf
  }

  static func addShortProducts(_ sum: inout Integers, _ weights: Integers, _ word: Integers) {
    preconditionFailure("no product of matrix registers")
  }

  static func addDotProduct(_ sum: inout Vector, _ weights: Vector, _ word: Vector) {
    preconditionFailure("no product of matrix registers")
  }

  static func addDotProduct(_ sum: inout Half, _ weights: Half, _ word: Half) {
    preconditionFailure("no product of matrix registers")
  }

  static func tile<Math: TileArithmetic>(
    _: Math.Type, rows: Int, _: borrowing Product, _: borrowing TilePlace
  ) where Math.Unit == Self { preconditionFailure("no product of matrix registers") }
}
