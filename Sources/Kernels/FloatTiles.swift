/// fp32 rows times fp32 weights.
public enum FloatTile<Unit: VectorUnit>: FloatSums {
  @inlinable @inline(__always)
  public static func finishesInRegisters(_ element: MapElementType) -> Bool { element == .float32 }

  @inlinable @inline(__always)
  public static var weightStride: Int { Unit.panelWidth }

  @inlinable @inline(__always)
  public static func weights(at address: UnsafePointer<Float>) -> Unit.Columns { Unit.loadColumns(address) }
}

/// fp32 rows times bf16 weights, which are widened.
public enum WidenedTile<Unit: VectorUnit>: FloatSums {
  @inlinable @inline(__always)
  public static func finishesInRegisters(_ element: MapElementType) -> Bool { false }

  @inlinable @inline(__always)
  public static var weightStride: Int { Unit.vectorWidth }

  @inlinable @inline(__always)
  public static func weights(at address: UnsafePointer<Float>) -> Unit.Columns {
    let words = Unit.load(address)
    return unsafeBitCast((Unit.low(of: words), Unit.high(of: words)), to: Unit.Columns.self)
  }
}

/// fp32 rows times fp32 weights of a panel whose last half vector is padding: 728 columns are 22 and three quarter
/// panels.
public enum NarrowFloatTile<Unit: VectorUnit>: NarrowFloatSums {
  @inlinable @inline(__always)
  public static func finishesInRegisters(_ element: MapElementType) -> Bool { element == .float32 }

  @inlinable @inline(__always)
  public static var weightStride: Int { Unit.panelWidth }

  @inlinable @inline(__always)
  public static func weights(at address: UnsafePointer<Float>) -> (Unit.Vector, Unit.Half) {
    (Unit.load(address), UnsafeRawPointer(address + Unit.vectorWidth).loadUnaligned(as: Unit.Half.self))
  }
}

/// fp32 rows times weights of one byte, which are widened; the sums are scaled at the end.
public enum ByteWeightsTile<Unit: VectorUnit>: FloatSums {
  public typealias Factors = (scales: Unit.Columns, bias: Unit.Columns)

  @inlinable @inline(__always)
  public static func finishesInRegisters(_ element: MapElementType) -> Bool { false }

  @inlinable @inline(__always)
  public static var weightStride: Int { Unit.panelWidth / 4 }

  @inlinable @inline(__always)
  public static func weights(at address: UnsafePointer<Float>) -> Unit.Columns {
    let bytes = UnsafeRawPointer(address)
    return unsafeBitCast(
      (Unit.byteFloats(at: bytes), Unit.byteFloats(at: bytes + Unit.vectorWidth)), to: Unit.Columns.self)
  }

  @inlinable @inline(__always)
  public static func start(at address: UnsafePointer<Float>) -> Unit.Columns { .zero }

  @inlinable @inline(__always)
  public static func factors(_ product: borrowing Product, _ place: borrowing TilePlace) -> Factors {
    let column = place.panel &* Unit.panelWidth
    return (Unit.loadColumns(product.columnScales! + column), Unit.loadColumns(product.bias + column))
  }

  @inlinable @inline(__always)
  public static func values(_ sums: Unit.Columns, _ factors: Factors, row: Int) -> (Unit.Vector, Unit.Vector) {
    var values = factors.bias
    Unit.multiplyAdd(&values, sums, factors.scales)
    return unsafeBitCast(values, to: (Unit.Vector, Unit.Vector).self)
  }
}

/// Sums of floats that start from the bias.
public protocol FloatSums: TileArithmetic
where Weights == Unit.Columns, Word == Unit.Columns, Sums == Unit.Columns {}

extension FloatSums {
  @inlinable @inline(__always)
  public static func word(_ word: Float) -> Unit.Columns { Unit.Columns(repeating: word) }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sums: inout Unit.Columns, _ weights: Unit.Columns, _ word: Unit.Columns) {
    Unit.multiplyAdd(&sums, weights, word)
  }

  @inlinable @inline(__always)
  public static func origin(_ product: borrowing Product) -> UnsafePointer<Float> { product.bias }

  @inlinable @inline(__always)
  public static func load(_ address: UnsafePointer<Float>) -> Unit.Columns { Unit.loadColumns(address) }

  @inlinable @inline(__always)
  public static func columns(_ sums: Unit.Columns) -> Unit.Columns { sums }

  @inlinable @inline(__always)
  public static func factors(_ product: borrowing Product, _ place: borrowing TilePlace) {}

  @inlinable @inline(__always)
  public static func values(_ sums: Unit.Columns, _: (), row: Int) -> (Unit.Vector, Unit.Vector) {
    unsafeBitCast(sums, to: (Unit.Vector, Unit.Vector).self)
  }
}

/// The same for three quarters of a panel.
public protocol NarrowFloatSums: TileArithmetic
where Weights == (Unit.Vector, Unit.Half), Word == Unit.Vector, Sums == (Unit.Vector, Unit.Half) {}

extension NarrowFloatSums {
  /// In order: LLVM would otherwise go column by column and run out of registers.
  @inlinable @inline(__always)
  public static func word(_ word: Float) -> Unit.Vector { Unit.inOrder(Unit.Vector(repeating: word)) }

  @inlinable @inline(__always)
  public static func multiplyAdd(
    _ sums: inout (Unit.Vector, Unit.Half), _ weights: (Unit.Vector, Unit.Half), _ word: Unit.Vector
  ) {
    Unit.multiplyAdd(&sums.0, weights.0, word)
    Unit.multiplyAdd(&sums.1, weights.1, unsafeBitCast(word, to: (Unit.Half, Unit.Half).self).0)
  }

  @inlinable @inline(__always)
  public static func origin(_ product: borrowing Product) -> UnsafePointer<Float> { product.bias }

  @inlinable @inline(__always)
  public static func load(_ address: UnsafePointer<Float>) -> (Unit.Vector, Unit.Half) {
    (Unit.load(address), UnsafeRawPointer(address + Unit.vectorWidth).loadUnaligned(as: Unit.Half.self))
  }

  @inlinable @inline(__always)
  public static func columns(_ sums: (Unit.Vector, Unit.Half)) -> Unit.Columns {
    unsafeBitCast((sums.0, sums.1, Unit.Half.zero), to: Unit.Columns.self)
  }

  @inlinable @inline(__always)
  public static func factors(_ product: borrowing Product, _ place: borrowing TilePlace) {}

  @inlinable @inline(__always)
  public static func values(_ sums: (Unit.Vector, Unit.Half), _: (), row: Int) -> (Unit.Vector, Unit.Vector) {
    (sums.0, unsafeBitCast((sums.1, Unit.Half.zero), to: Unit.Vector.self))
  }
}
