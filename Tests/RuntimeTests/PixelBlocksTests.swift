import Testing

@testable import Runtime

@Suite struct PixelBlocksTests {
  @Test(arguments: [1, 13, 14, 15, 49, 100, 3_136, 12_544], [1, 6, 14])
  func `Blocks are whole tiles, as few as the limit allows, and cover all pixels`(count: Int, tileRows: Int) {
    for limit in [1, 3, 27, 1_000] {
      let blocks = PixelBlocks(5..<5 + count, tileRows: tileRows, limit: limit).map(\.pixels)
      #expect(blocks.first?.lowerBound == 5 && blocks.last?.upperBound == 5 + count)
      #expect(zip(blocks, blocks.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
      #expect(blocks.dropLast().allSatisfy { $0.count % tileRows == 0 })
      #expect(blocks.allSatisfy { !$0.isEmpty && $0.count <= limit * tileRows })
      let tiles = (count + tileRows - 1) / tileRows
      #expect(blocks.count == (tiles + limit - 1) / limit)
    }
  }
}
