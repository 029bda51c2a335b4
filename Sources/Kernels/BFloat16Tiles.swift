/// An instruction set that multiplies words of two bf16 values.
public protocol BFloat16Unit: VectorUnit {
  /// `sum += ` the products of both values of each word.
  static func addDotProduct(_ sum: inout Vector, _ weights: Vector, _ word: Vector)
  static func addDotProduct(_ sum: inout Half, _ weights: Half, _ word: Half)
}

extension BFloat16Unit {
  @inlinable @inline(__always)
  public static func multiplyBFloat16(_ product: Product) {
    multiply(
      product, BFloat16Tile<Self>.self, narrow: NarrowBFloat16Tile<Self>.self, single: SingleBFloat16Tile<Self>.self)
  }

  @inlinable @inline(__always)
  public static func multiplyAddsOfBFloat16(_ count: Int) -> Float {
    multiplyAdds(count, BFloat16Tile<Self>.self, InlineArray<6, Vector>.self)
  }
}

/// Words of two bf16 values on both sides; sums in fp32 that start from the bias.
public enum BFloat16Tile<Unit: BFloat16Unit>: TileArithmetic {
  public typealias Pair = (Unit.Vector, Unit.Vector)

  @inlinable @inline(__always)
  public static func finishesInRegisters(_ element: MapElementType) -> Bool { element == .bfloat16 }

  @inlinable @inline(__always)
  public static var weightStride: Int { Unit.panelWidth }

  @inlinable @inline(__always)
  public static func weights(at address: UnsafePointer<Float>) -> Pair { load(address) }

  /// In order: LLVM would otherwise go column by column and run out of registers.
  @inlinable @inline(__always)
  public static func word(_ word: Float) -> Unit.Vector { Unit.inOrder(Unit.Vector(repeating: word)) }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sums: inout Pair, _ weights: Pair, _ word: Unit.Vector) {
    Unit.addDotProduct(&sums.0, weights.0, word)
    Unit.addDotProduct(&sums.1, weights.1, word)
  }

  @inlinable @inline(__always)
  public static func origin(_ product: borrowing Product) -> UnsafePointer<Float> { product.bias }

  @inlinable @inline(__always)
  public static func load(_ address: UnsafePointer<Float>) -> Pair { FloatElement<Unit>.load(address) }

  @inlinable @inline(__always)
  public static func columns(_ sums: Pair) -> Unit.Columns { unsafeBitCast(sums, to: Unit.Columns.self) }

  @inlinable @inline(__always)
  public static func factors(_ product: borrowing Product, _ place: borrowing TilePlace) {}

  @inlinable @inline(__always)
  public static func values(_ sums: Pair, _: (), row: Int) -> (Unit.Vector, Unit.Vector) { sums }
}

/// The same for a panel whose last half vector is padding.
public enum NarrowBFloat16Tile<Unit: BFloat16Unit>: NarrowFloatSums {
  @inlinable @inline(__always)
  public static func finishesInRegisters(_ element: MapElementType) -> Bool { element == .bfloat16 }

  @inlinable @inline(__always)
  public static var weightStride: Int { Unit.panelWidth }

  @inlinable @inline(__always)
  public static func weights(at address: UnsafePointer<Float>) -> (Unit.Vector, Unit.Half) { load(address) }

  @inlinable @inline(__always)
  public static func multiplyAdd(
    _ sums: inout (Unit.Vector, Unit.Half), _ weights: (Unit.Vector, Unit.Half), _ word: Unit.Vector
  ) {
    Unit.addDotProduct(&sums.0, weights.0, word)
    Unit.addDotProduct(&sums.1, weights.1, unsafeBitCast(word, to: (Unit.Half, Unit.Half).self).0)
  }
}
