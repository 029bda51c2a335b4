/// A JPEG file of one gray color and any size, in a few bytes: each Huffman table has one code, of one 0 bit, which says
/// that nothing changes in a block, so that all image data are zeros.
package struct PlainJPEG {
  let width: Int
  let height: Int
  let isProgressive: Bool

  package init(width: Int, height: Int, isProgressive: Bool) {
    self.width = width
    self.height = height
    self.isProgressive = isProgressive
  }

  private func segment(_ type: UInt8, _ contents: [UInt8]) -> [UInt8] {
    [0xff, type] + word(contents.count + 2) + contents
  }

  private func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }

  /// Of the components from `first`, with one bit for each code.
  private func scan(_ components: ClosedRange<UInt8>, coefficients: ClosedRange<UInt8>, codes: Int) -> [UInt8] {
    let list: [UInt8] = components.flatMap { [$0, 0] }
    let header = [UInt8(components.count)] + list + [coefficients.lowerBound, coefficients.upperBound, 0]
    return segment(0xda, header) + [UInt8](repeating: 0, count: (codes + 7) / 8)
  }

  /// Three components of full size.
  package var bytes: [UInt8] {
    let tables: [UInt8] = [0, 1].flatMap { (table: UInt8) in segment(0xdb, [table] + [UInt8](repeating: 1, count: 64)) }
    let codes: [UInt8] = [0x00, 0x10].flatMap { (table: UInt8) in
      segment(0xc4, [table, 1] + [UInt8](repeating: 0, count: 16))
    }
    let frame: [UInt8] = [8] + word(height) + word(width) + [3] + (UInt8(1)...3).flatMap { [$0, 0x11, 0] as [UInt8] }
    let blocks = ((width + 7) / 8) * ((height + 7) / 8)
    let scans: [UInt8] =
      isProgressive
      ? scan(1...3, coefficients: 0...0, codes: blocks * 3)
        + (UInt8(1)...3).flatMap { scan($0...$0, coefficients: 1...63, codes: blocks) }
      : scan(1...3, coefficients: 0...63, codes: blocks * 6)
    return [0xff, 0xd8] + tables + segment(isProgressive ? 0xc2 : 0xc0, frame) + codes + scans + [0xff, 0xd9]
  }
}
