import ModelGraph
import Testing
import WeightFormat

@Suite("Conversion to narrower floating-point types")
struct FloatConversionTests {
  @Test
  func `Every binary16 is what its float becomes, and every float between two becomes the nearer, ties to even`() throws
  {
    for bits in stride(from: UInt16(0), to: 0x7c00, by: 7) {
      let value = Float(halfBitPattern: bits)
      #expect(value.halfBitPattern == bits)
      #expect((-value).halfBitPattern == bits | 0x8000)
      guard bits < 0x7bff else { continue }
      let middle = (value + Float(halfBitPattern: bits + 1)) / 2
      #expect(middle.halfBitPattern == bits + bits % 2)
      #expect(middle.nextDown.halfBitPattern == bits)
      #expect(middle.nextUp.halfBitPattern == bits + 1)
    }
  }

  @Test func `Binary16 ends at 65,504, to which values below 65,520 round`() {
    #expect(Float(65504).halfBitPattern == 0x7bff)
    #expect(Float(65520).nextDown.halfBitPattern == 0x7bff)
    for value in [Float(65520), -65520, .infinity, .nan, .greatestFiniteMagnitude] {
      #expect(value.halfBitPattern == nil)
    }
    #expect(Float.leastNonzeroMagnitude.halfBitPattern == 0)
  }

  @Test func `Bfloat16 rounds to nearest, ties to even`() {
    #expect(Float(bitPattern: 0x3f80_8000).bfloatBitPattern == 0x3f80)
    #expect(Float(bitPattern: 0x3f81_8000).bfloatBitPattern == 0x3f82)
    #expect(Float(bitPattern: 0x3f80_8001).bfloatBitPattern == 0x3f81)
    #expect(Float(bitPattern: 0xff7f_7fff).bfloatBitPattern == 0xff7f)
    for value in [Float.greatestFiniteMagnitude, .infinity, .nan] { #expect(value.bfloatBitPattern == nil) }
  }

  @Test(arguments: [ElementType.float16, .bfloat16])
  func `Writing converts kernels and keeps vectors`(type: ElementType) throws {
    let model = try SampleModels.small()
    let read = try WeightFile(bytes: WeightFile.bytes(of: model, floatType: type)).model
    for (found, expected) in zip(read.graph.tensors, model.graph.tensors) {
      #expect(found.elementType == (expected.dimensions.count > 1 ? type : .float32))
      let step: Float = found.elementType == .float32 ? 0 : type == .float16 ? 0x1p-11 : 0x1p-8
      for (found, expected) in zip(try found.values(), try expected.values()) {
        #expect(abs(found - expected) <= abs(expected) * step + (step > 0 ? 0x1p-25 : 0))
      }
    }
  }

  @Test func `A value beyond binary16 is an error that names the tensor`() throws {
    var model = try SampleModels.small()
    model.graph.tensors[0] = Tensor(
      name: "large", dimensions: [3, 3, 3, 8], values: [Float](repeating: 70000, count: 216))
    #expect {
      try WeightFile.bytes(of: model, floatType: .float16)
    } throws: {
      let error = $0 as? WeightFormatError
      return error?.fault == .number && error!.what.contains("large")
    }
    _ = try WeightFile.bytes(of: model, floatType: .bfloat16)
  }
}
