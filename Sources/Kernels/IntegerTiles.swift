/// Words of integers times words of integers; a scale for each row and each column turns the sums into values.
public enum IntegerTile<Unit: VectorUnit>: IntegerSums {
  public typealias Weights = (Unit.Integers, Unit.Integers)
  public typealias Sums = (Unit.Integers, Unit.Integers)

  @inlinable @inline(__always)
  public static func weights(at address: UnsafePointer<Float>) -> Weights {
    (Unit.integerWeights(at: address), Unit.integerWeights(at: address + weightStride / 2))
  }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sums: inout Sums, _ weights: Weights, _ word: Unit.Integers) {
    Unit.addDotProduct(&sums.0, weights.0, word)
    Unit.addDotProduct(&sums.1, weights.1, word)
  }

  @inlinable @inline(__always)
  public static func load(_ address: UnsafePointer<Float>) -> Sums {
    let address = UnsafeRawPointer(address)
    return (
      address.loadUnaligned(as: Unit.Integers.self),
      (address + Unit.vectorWidth &* 4).loadUnaligned(as: Unit.Integers.self)
    )
  }

  @inlinable @inline(__always)
  public static func whole(_ sums: Sums) -> (Unit.Integers, Unit.Integers) { sums }
}

/// The same for a panel whose last half vector is padding.
public enum NarrowIntegerTile<Unit: VectorUnit>: IntegerSums {
  public typealias Weights = (Unit.Integers, Unit.HalfIntegers)
  public typealias Sums = (Unit.Integers, Unit.HalfIntegers)

  @inlinable @inline(__always)
  public static func weights(at address: UnsafePointer<Float>) -> Weights {
    (Unit.integerWeights(at: address), Unit.halfIntegerWeights(at: address + weightStride / 2))
  }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sums: inout Sums, _ weights: Weights, _ word: Unit.Integers) {
    Unit.addDotProduct(&sums.0, weights.0, word)
    Unit.addDotProduct(&sums.1, weights.1, unsafeBitCast(word, to: (Unit.HalfIntegers, Unit.HalfIntegers).self).0)
  }

  @inlinable @inline(__always)
  public static func load(_ address: UnsafePointer<Float>) -> Sums {
    let address = UnsafeRawPointer(address)
    return (
      address.loadUnaligned(as: Unit.Integers.self),
      (address + Unit.vectorWidth &* 4).loadUnaligned(as: Unit.HalfIntegers.self)
    )
  }

  @inlinable @inline(__always)
  public static func whole(_ sums: Sums) -> (Unit.Integers, Unit.Integers) {
    (sums.0, unsafeBitCast((sums.1, Unit.HalfIntegers.zero), to: Unit.Integers.self))
  }
}

/// Sums of integers.
public protocol IntegerSums: TileArithmetic where Word == Unit.Integers, Factors == IntegerFactors<Unit> {
  static func whole(_ sums: Sums) -> (Unit.Integers, Unit.Integers)
}

public struct IntegerFactors<Unit: VectorUnit> {
  /// A scale for each row of the tile.
  @usableFromInline var rows: UnsafePointer<Float>
  @usableFromInline var columns: (Unit.Vector, Unit.Vector)
  @usableFromInline var bias: (Unit.Vector, Unit.Vector)

  @inlinable @inline(__always)
  init(rows: UnsafePointer<Float>, columns: UnsafePointer<Float>, bias: UnsafePointer<Float>) {
    self.rows = rows
    self.columns = (Unit.load(columns), Unit.load(columns + Unit.vectorWidth))
    self.bias = (Unit.load(bias), Unit.load(bias + Unit.vectorWidth))
  }
}

extension IntegerSums {
  @inlinable @inline(__always)
  public static func finishesInRegisters(_ element: MapElementType) -> Bool { element == .bfloat16 && Unit.packsFast }

  @inlinable @inline(__always)
  public static var weightStride: Int { Unit.panelWidth &* Unit.channelsPerByteWord / 4 }

  /// In order: LLVM would otherwise go column by column and run out of registers.
  @inlinable @inline(__always)
  public static func word(_ word: Float) -> Unit.Integers {
    unsafeBitCast(Unit.inOrder(Unit.Vector(repeating: word)), to: Unit.Integers.self)
  }

  @inlinable @inline(__always)
  public static func origin(_ product: borrowing Product) -> UnsafePointer<Float> {
    UnsafeRawPointer(product.starts!).assumingMemoryBound(to: Float.self)
  }

  @inlinable @inline(__always)
  public static func columns(_ sums: Sums) -> Unit.Columns { unsafeBitCast(whole(sums), to: Unit.Columns.self) }

  @inlinable @inline(__always)
  public static func factors(_ product: borrowing Product, _ place: borrowing TilePlace) -> IntegerFactors<Unit> {
    let segments = (place.depth &+ Unit.vectorWidth &- 1) / Unit.vectorWidth
    let column = place.panel &* Unit.panelWidth
    return IntegerFactors(
      rows: place.rows + segments &* product.segmentStride, columns: product.columnScales! + column,
      bias: product.bias + column)
  }

  @inlinable @inline(__always)
  public static func values(
    _ sums: Sums, _ factors: IntegerFactors<Unit>, row: Int
  ) -> (Unit.Vector, Unit.Vector) {
    let sums = whole(sums)
    let scale = Unit.Vector(repeating: factors.rows[row])
    var values = factors.bias
    Unit.multiplyAdd(&values.0, Unit.floats(sums.0), scale * factors.columns.0)
    Unit.multiplyAdd(&values.1, Unit.floats(sums.1), scale * factors.columns.1)
    return values
  }
}
