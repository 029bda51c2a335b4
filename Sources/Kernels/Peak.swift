extension VectorUnit {
  @inlinable @inline(__always)
  public static func multiplyAdds(_ count: Int, _ arithmetic: Arithmetic) -> Float {
    switch arithmetic {
    case .float32, .bfloat16Weights, .int8Weights: multiplyAdds(count, FloatTile<Self>.self)
    case .bfloat16: multiplyAddsOfBFloat16(count)
    case .int8: multiplyAdds(count, IntegerTile<Self>.self)
    }
  }

  @inlinable
  public static func multiplyAddsOfBFloat16(_ count: Int) -> Float {
    preconditionFailure("this instruction set has no products of bf16")
  }

  /// Enough independent sums to hide the latency of the multiply-add, and nothing else.
  @inlinable @inline(never)
  static func multiplyAdds<Math: TileArithmetic>(_ count: Int, _: Math.Type) -> Float where Math.Unit == Self {
    withUnsafeTemporaryAllocation(byteCount: 8 &* panelWidth, alignment: 64) { memory in
      let memory = memory.baseAddress!.assumingMemoryBound(to: Float.self)
      for index in 0..<2 &* panelWidth { memory[index] = index < panelWidth ? 0 : 0.01 }
      var sums = InlineArray<6, Math.Sums>(repeating: Math.load(memory))
      let weights = Math.weights(at: memory + panelWidth)
      for _ in 0..<count {
        let word = Math.word(0.999)
        for index in 0..<6 { Math.multiplyAdd(&sums[index], weights, word) }
      }
      var total: Float = 0
      for index in 0..<6 {
        Math.store(sums[index], memory)
        total += memory[0]
      }
      return total
    }
  }
}
