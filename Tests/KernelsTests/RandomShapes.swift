import ModelGraph
import TestSupport

/// Random windows, maps and channel counts around the sizes of vectors, panels and tiles.
struct RandomShapes {
  var random: SplitMix64

  init(seed: Int) { random = SplitMix64(seed: UInt64(seed)) }

  /// One less and one more than whole vectors and panels, and few.
  static let channels = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65]

  mutating func pick<Element>(_ choices: [Element]) -> Element { choices.randomElement(using: &random)! }

  mutating func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }

  mutating func count(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  mutating func channelCount() -> Int { pick(Self.channels) }

  /// A map of 1 to 11 pixels a side.
  mutating func map(channels: Int) -> Shape {
    .map(height: count(1...9), width: count(1...11), channels: channels)
  }

  /// A window of up to 7 x 5 that fits a map: often 3 x 3 or 1 x 1, with strides up to 3, dilations up to 3, and every
  /// kind of padding.
  mutating func window(on shape: Shape, pooling: Bool = false) -> Window {
    guard case .map(let height, let width, _) = shape else { return Window(size: Extent(1)) }
    while true {
      let size = pick([
        Extent(3), Extent(1), Extent(2), Extent(5), Extent(height: 7, width: 5), Extent(height: 1, width: 4),
        Extent(height: count(1...7), width: count(1...5)),
      ])
      let stride = chance(2) ? Extent(1) : Extent(height: count(1...3), width: count(1...3))
      let dilation = chance(2) ? Extent(1) : Extent(height: count(1...3), width: count(1...3))
      let padding: Padding =
        switch count(0...2) {
        case 0: .same
        case 1: .valid
        default:
          .explicit(
            top: count(0...size.height - 1), left: count(0...size.width - 1), bottom: count(0...size.height - 1),
            right: count(0...size.width - 1))
        }
      let window = Window(size: size, stride: stride, dilation: dilation, padding: padding)
      guard window.placement(on: Extent(height: height, width: width)) != nil else { continue }
      if pooling, (try? poolGraph(window, on: shape)) == nil { continue }
      return window
    }
  }

  private func poolGraph(_ window: Window, on shape: Shape) throws -> Graph {
    var builder = GraphBuilder()
    let input = try builder.append("input", .input(shape))
    try builder.append("pool", .maxPool(window), [input])
    return builder.graph
  }

  /// An activation that keeps whole numbers whole, or any.
  mutating func activation(exact: Bool) -> Activation {
    pick([.identity, .identity, .relu, .relu6] + (exact ? [] : [.elu(alpha: 1), .elu(alpha: 0.5), .sigmoid]))
  }
}
