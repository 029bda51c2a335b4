import ModelGraph
import Testing

@Suite("Windows")
struct WindowTests {
  func placement(
    _ input: Int, size: Int, stride: Int = 1, dilation: Int = 1, padding: Padding = .same
  ) -> Window.Placement? {
    Window(size: Extent(size), stride: Extent(stride), dilation: Extent(dilation), padding: padding)
      .placement(on: Extent(input))
  }

  @Test(arguments: [
    // input, size, stride, dilation, output, before, after: as TensorFlow gives them
    (5, 3, 1, 1, 5, 1, 1), (5, 3, 2, 1, 3, 1, 1), (6, 3, 2, 1, 3, 0, 1), (74, 3, 2, 1, 37, 0, 1),
    (37, 3, 2, 1, 19, 1, 1),
    (19, 3, 2, 1, 10, 1, 1), (147, 1, 2, 1, 74, 0, 0), (5, 2, 1, 1, 5, 0, 1), (5, 3, 1, 2, 5, 2, 2),
    (4, 4, 1, 1, 4, 1, 2),
    (3, 1, 5, 1, 1, 0, 0), (2, 7, 1, 1, 2, 3, 3),
  ])
  func `SAME padding is TensorFlow's`(
    _ input: Int, _ size: Int, _ stride: Int, _ dilation: Int, _ output: Int, _ before: Int, _ after: Int
  ) throws {
    let placement = try #require(self.placement(input, size: size, stride: stride, dilation: dilation))
    #expect(placement.output == Extent(output))
    #expect((placement.top, placement.bottom) == (before, after))
    #expect((placement.left, placement.right) == (before, after))
  }

  @Test func `VALID takes only whole windows`() {
    #expect(placement(299, size: 3, stride: 2, padding: .valid)?.output == Extent(149))
    #expect(placement(149, size: 3, padding: .valid)?.output == Extent(147))
    #expect(placement(5, size: 3, dilation: 2, padding: .valid)?.output == Extent(1))
    #expect(placement(4, size: 3, dilation: 2, padding: .valid) == nil)
    #expect(placement(2, size: 3, padding: .valid) == nil)
  }

  @Test func `Explicit padding is used as it is, each side its own`() throws {
    let window = Window(
      size: Extent(3), stride: Extent(height: 1, width: 2), padding: .explicit(top: 2, left: 0, bottom: 1, right: 3))
    let placement = try #require(window.placement(on: Extent(height: 4, width: 5)))
    #expect(placement.output == Extent(height: 5, width: 3))
    #expect((placement.top, placement.left, placement.bottom, placement.right) == (2, 0, 1, 3))
  }

  @Test(arguments: [Int.min, -1, 0, 4097, Int.max]) func `Sizes out of range have no placement`(_ value: Int) {
    #expect(placement(value > 4000 ? Int.max : value, size: 3) == nil)
    #expect(placement(8, size: value) == nil)
    #expect(placement(8, size: 3, stride: value) == nil)
    #expect(placement(8, size: 3, dilation: value) == nil)
    guard value != 0 else { return }
    #expect(placement(8, size: 3, padding: .explicit(top: value, left: 0, bottom: 0, right: 0)) == nil)
    #expect(placement(8, size: 3, padding: .explicit(top: 0, left: 0, bottom: 0, right: value)) == nil)
  }
}
