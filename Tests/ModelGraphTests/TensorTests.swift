import ModelGraph
import Testing

/// Contents given byte by byte.
private struct Bytes: TensorContents {
  let bytes: [UInt8]

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try unsafe bytes.withUnsafeBytes(body)
  }
}

private func values(_ type: ElementType, _ bytes: [UInt8], scale: [Float]? = nil, dimensions: [Int]? = nil) throws
  -> [Float]
{
  try Tensor(
    name: "weights", dimensions: dimensions ?? [bytes.count / type.byteCount], elementType: type,
    contents: Bytes(bytes: bytes), scale: scale
  ).values()
}

@Suite("Tensors")
struct TensorTests {
  @Test func `Values of every type, little-endian`() throws {
    #expect(try values(.float32, [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc1]) == [1, -10])
    #expect(try values(.float16, [0, 0x3c, 0x01, 0, 0xff, 0x7b, 0, 0x80]) == [1, 0x1p-24, 65504, -0.0])
    #expect(try values(.bfloat16, [0x80, 0x3f, 0x20, 0xc1]) == [1, -10])
    #expect(try values(.int8, [0x7f, 0x80, 0xff]) == [127, -128, -1])
    #expect(try values(.int32, [0x00, 0x01, 0, 0, 0xff, 0xff, 0xff, 0xff]) == [256, -1])
  }

  @Test func `Half precision keeps signs, infinities and NaN`() throws {
    #expect(try values(.float16, [0, 0x7c, 0, 0xfc]) == [.infinity, -.infinity])
    #expect(try values(.float16, [1, 0x7c])[0].isNaN)
    #expect(try values(.float16, [0, 0x80])[0].sign == .minus)
  }

  @Test func `Scales apply along the last axis`() throws {
    #expect(
      try values(.int8, [1, 2, 3, 4, 5, 6], scale: [1, 10, 100], dimensions: [2, 3]) == [1, 20, 300, 4, 50, 600])
  }

  @Test func `Contents of another length than the dimensions say are refused`() {
    for dimensions in [[3], [1], [2, 2]] {
      #expect(throws: GraphError.self) { try values(.float16, [0, 0, 0, 0], dimensions: dimensions) }
    }
    for dimensions in [[0], [-1], [Int.max, Int.max], [Int.min], [1 << 31]] {
      #expect(throws: GraphError.self) { try values(.int8, [1], dimensions: dimensions) }
    }
  }

  @Test func `Bytes are copied where there is room for exactly them`() throws {
    let tensor = Tensor(name: "weights", dimensions: [4], elementType: .int8, contents: Bytes(bytes: [1, 2, 3, 4]))
    for count in 3...5 {
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
      defer { unsafe memory.deallocate() }
      if count == 4 {
        try unsafe tensor.copy(to: memory)
        #expect(unsafe Array(memory) == [1, 2, 3, 4])
      } else {
        #expect(throws: GraphError.self) { try unsafe tensor.copy(to: memory) }
      }
    }
  }
}
