/// Words of two 16-bit integers times words of two; a scale for each row and each column turns the sums into values.
public enum ShortTile<Unit: VectorUnit>: IntegerSums {
  public typealias Weights = (Unit.Integers, Unit.Integers)
  public typealias Sums = (Unit.Integers, Unit.Integers)

  @inlinable @inline(__always)
  public static func finishesInRegisters(_ element: MapElementType) -> Bool { element == .float32 || Unit.packsFast }

  @inlinable @inline(__always)
  public static var weightStride: Int { Unit.panelWidth }

  @inlinable @inline(__always)
  public static func weights(at address: UnsafePointer<Float>) -> Weights { load(address) }

  @inlinable @inline(__always)
  public static func multiplyAdd(_ sums: inout Sums, _ weights: Weights, _ word: Unit.Integers) {
    Unit.addShortProducts(&sums.0, weights.0, word)
    Unit.addShortProducts(&sums.1, weights.1, word)
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
