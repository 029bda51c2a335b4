extension VectorUnit {
  @inlinable @inline(__always)
  public static func multiplyAdds(_ count: Int, _ arithmetic: Arithmetic) -> Float {
    switch arithmetic {
    case .float32, .bfloat16Weights, .int8Weights: multiplyAdds(count, FloatTile<Self>.self, chains: 6)
    case .bfloat16: multiplyAddsOfBFloat16(count)
    case .int8: multiplyAddsOfIntegers(count)
    }
  }

  @inlinable @inline(__always)
  public static func multiplyAddsOfIntegers(_ count: Int) -> Float {
    multiplyAdds(count, IntegerTile<Self>.self, chains: channelsPerByteWord == 4 ? 6 : 3)
  }

  @inlinable
  public static func multiplyAddsOfBFloat16(_ count: Int) -> Float {
    preconditionFailure("this instruction set has no products of bf16")
  }

  /// Enough independent sums to hide the latency of the multiply-add, and nothing else.
  ///
  /// A call of its own: C functions are not inlined into what fulfills a protocol's requirement directly.
  ///
  /// - Parameter chains: Of 6. A product and a sum are two instructions, and fewer chains hide the latency of the second.
  @inlinable @inline(never)
  static func multiplyAdds<Math: TileArithmetic>(_ count: Int, _: Math.Type, chains: Int) -> Float
  where Math.Unit == Self {
    withUnsafeTemporaryAllocation(byteCount: 28 &* panelWidth, alignment: 64) { memory in
      let memory = memory.baseAddress!.assumingMemoryBound(to: Float.self)
      // All different, or the compiler would compute equal sums once.
      for index in 0..<7 &* panelWidth { memory[index] = Float(index) * 0x1p-10 }
      let weights = Math.weights(at: memory)
      var sums = InlineArray<6, Math.Sums>(repeating: Math.load(memory))
      for index in 0..<6 { sums[index] = Math.load(memory + (index &+ 1) &* panelWidth) }
      for _ in 0..<count {
        for index in 0..<6 { Math.multiplyAdd(&sums[index % chains], weights, Math.word(0.999)) }
      }
      var total: Float = 0
      for index in 0..<6 { store(Math.columns(sums[index]), memory + index &* panelWidth) }
      for index in 0..<6 &* panelWidth { total += memory[index] }
      return total
    }
  }
}
