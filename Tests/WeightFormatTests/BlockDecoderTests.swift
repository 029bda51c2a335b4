import Testing

@testable import WeightFormat

@Suite struct BlockDecoderTests {
  @Test func `A decoder is kept for the next block until its memory is given back`() throws {
    let pool = DecoderPool()
    weak var first: BlockDecoder?
    try pool.withDecoder { first = $0 }
    #expect(try pool.withDecoder { $0 === first })
    pool.removeIdle()
    #expect(first == nil)
    try pool.withDecoder { first = $0 }
    #expect(first != nil)
  }
}
