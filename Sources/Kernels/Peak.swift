import CIntrinsics

extension VectorUnit {
  @inlinable @inline(__always)
  public static func multiplyAdds(_ count: Int, _ arithmetic: Arithmetic) -> Float {
    switch arithmetic {
    case .float32, .bfloat16Weights, .int8Weights:
      multiplyAdds(count, FloatTile<Self>.self, InlineArray<6, Vector>.self)
    case .bfloat16: multiplyAddsOfBFloat16(count)
    case .int8: multiplyAddsOfIntegers(count)
    case .int16: multiplyAddsOfShorts(count)
    }
  }

  @inlinable @inline(__always)
  public static func multiplyAddsOfShorts(_ count: Int) -> Float {
    isNative(.int16)
      ? multiplyAdds(count, ShortTile<Self>.self, InlineArray<6, Vector>.self)
      : multiplyAdds(count, ShortTile<Self>.self, InlineArray<3, Vector>.self)
  }

  @inlinable @inline(__always)
  public static func multiplyAddsOfIntegers(_ count: Int) -> Float {
    // A product and a sum are two instructions here: fewer chains hide the latency of the sum, and leave registers
    // free.
    channelsPerByteWord == 4
      ? multiplyAdds(count, IntegerTile<Self>.self, InlineArray<6, Vector>.self)
      : multiplyAdds(count, IntegerTile<Self>.self, InlineArray<3, Vector>.self)
  }

  @inlinable
  public static func multiplyAddsOfBFloat16(_ count: Int) -> Float {
    preconditionFailure("this instruction set has no products of bf16")
  }

  /// Enough independent sums to hide the latency of the multiply-add, and nothing else.
  ///
  /// A function of its own: C functions are not inlined directly into the witness of a protocol requirement.
  @inlinable @inline(never)
  static func multiplyAdds<Math: TileArithmetic, let chains: Int>(
    _ count: Int, _: Math.Type, _: InlineArray<chains, Vector>.Type
  ) -> Float where Math.Unit == Self {
    withUnsafeTemporaryAllocation(byteCount: 28 &* panelWidth, alignment: 64) { memory in
      let memory = memory.baseAddress!.assumingMemoryBound(to: Float.self)
      // All different: the compiler would compute equal sums only once.
      for index in 0..<7 &* panelWidth { memory[index] = Float(index) * 0x1p-10 }
      let weights = Math.weights(at: memory)
      var sums = InlineArray<chains, Math.Sums>(repeating: Math.load(memory))
      for index in 0..<chains { sums[index] = Math.load(memory + (index &+ 1) &* panelWidth) }
      for _ in 0..<count {
        for _ in 0..<6 / chains {
          // Three chains have words of their own: equal products would be computed only once.
          let words = unknown_address(memory)!
          for index in 0..<chains {
            Math.multiplyAdd(&sums[index], weights, Math.word(chains == 3 ? words[index] : 0.999))
          }
        }
      }
      var total: Float = 0
      for index in 0..<chains { store(Math.columns(sums[index]), memory + index &* panelWidth) }
      for index in 0..<chains &* panelWidth { total += memory[index] }
      return total
    }
  }
}
