// Tiles of a column panel whose second vector is padding: 16 columns, or the last 16 of 144.

/// fp32 rows times fp32 weights.
public enum SingleFloatTile<Unit: VectorUnit>: SingleFloatSums {
  @inlinable @inline(__always)
  public static func finishesInRegisters(_ element: MapElementType) -> Bool { element == .float32 }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sums: inout Unit.Vector, _ weights: Unit.Vector, _ word: Unit.Vector) {
    Unit.multiplyAdd(&sums, weights, word)
  }
}

/// Words of two bf16 values on both sides.
public enum SingleBFloat16Tile<Unit: BFloat16Unit>: SingleFloatSums {
  @inlinable @inline(__always)
  public static func finishesInRegisters(_ element: MapElementType) -> Bool { element == .bfloat16 }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sums: inout Unit.Vector, _ weights: Unit.Vector, _ word: Unit.Vector) {
    Unit.addDotProduct(&sums, weights, word)
  }
}

/// Words of `channelsPerByteWord` integers on both sides.
public enum SingleIntegerTile<Unit: VectorUnit>: IntegerSums {
  public typealias Weights = Unit.Integers
  public typealias Sums = Unit.Integers

  @inlinable @inline(__always)
  public static func weights(at address: UnsafePointer<Float>) -> Unit.Integers { Unit.integerWeights(at: address) }

  @inlinable @inline(__always)
  public static func word(_ word: Float) -> Unit.Integers {
    unsafeBitCast(Unit.Vector(repeating: word), to: Unit.Integers.self)
  }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sums: inout Unit.Integers, _ weights: Unit.Integers, _ word: Unit.Integers) {
    Unit.addDotProduct(&sums, weights, word)
  }

  @inlinable @inline(__always)
  public static func load(_ address: UnsafePointer<Float>) -> Unit.Integers {
    UnsafeRawPointer(address).loadUnaligned(as: Unit.Integers.self)
  }

  @inlinable @inline(__always)
  public static func whole(_ sums: Unit.Integers) -> (Unit.Integers, Unit.Integers) { (sums, .zero) }
}

/// Words of two 16-bit integers on both sides.
public enum SingleShortTile<Unit: VectorUnit>: IntegerSums {
  public typealias Weights = Unit.Integers
  public typealias Sums = Unit.Integers

  @inlinable @inline(__always)
  public static func finishesInRegisters(_ element: MapElementType) -> Bool { element == .float32 || Unit.packsFast }

  @inlinable @inline(__always)
  public static var weightStride: Int { Unit.panelWidth }

  @inlinable @inline(__always)
  public static func weights(at address: UnsafePointer<Float>) -> Unit.Integers { load(address) }

  @inlinable @inline(__always)
  public static func word(_ word: Float) -> Unit.Integers {
    unsafeBitCast(Unit.Vector(repeating: word), to: Unit.Integers.self)
  }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sums: inout Unit.Integers, _ weights: Unit.Integers, _ word: Unit.Integers) {
    Unit.addShortProducts(&sums, weights, word)
  }

  @inlinable @inline(__always)
  public static func load(_ address: UnsafePointer<Float>) -> Unit.Integers {
    UnsafeRawPointer(address).loadUnaligned(as: Unit.Integers.self)
  }

  @inlinable @inline(__always)
  public static func whole(_ sums: Unit.Integers) -> (Unit.Integers, Unit.Integers) { (sums, .zero) }
}

/// Sums of floats that start from the bias, a vector of them.
public protocol SingleFloatSums: TileArithmetic
where Weights == Unit.Vector, Word == Unit.Vector, Sums == Unit.Vector {}

extension SingleFloatSums {
  @inlinable @inline(__always)
  public static var weightStride: Int { Unit.panelWidth }

  @inlinable @inline(__always)
  public static func weights(at address: UnsafePointer<Float>) -> Unit.Vector { Unit.load(address) }

  @inlinable @inline(__always)
  public static func word(_ word: Float) -> Unit.Vector { Unit.Vector(repeating: word) }

  @inlinable @inline(__always)
  public static func origin(_ product: borrowing Product) -> UnsafePointer<Float> { product.bias }

  @inlinable @inline(__always)
  public static func load(_ address: UnsafePointer<Float>) -> Unit.Vector { Unit.load(address) }

  @inlinable @inline(__always)
  public static func columns(_ sums: Unit.Vector) -> Unit.Columns {
    unsafeBitCast((sums, Unit.Vector.zero), to: Unit.Columns.self)
  }

  @inlinable @inline(__always)
  public static func factors(_ product: borrowing Product, _ place: borrowing TilePlace) {}

  @inlinable @inline(__always)
  public static func values(_ sums: Unit.Vector, _: (), row: Int) -> (Unit.Vector, Unit.Vector) {
    (sums, Unit.Vector.zero)
  }
}
