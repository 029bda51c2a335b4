import ModelGraph

/// The positions of a window over a map, and for each the inputs under it.
struct ReferenceWindow {
  /// One element of a window that lies on the input.
  struct Tap {
    /// Its index in the window, by rows.
    var index: Int
    /// The input position under it, by rows.
    var source: Int
  }

  let window: Window
  let placement: Window.Placement
  let input: Extent

  /// - Precondition: The window fits, as it does in a validated graph.
  init(_ window: Window, on input: Extent) {
    self.window = window
    self.input = input
    placement = window.placement(on: input)!
  }

  var outputCount: Int { placement.output.height * placement.output.width }

  /// Calls `body` for each output position, by rows, with the taps that do not fall on padding, in order.
  func forEachPosition(_ body: (_ position: Int, _ taps: [Tap]) -> Void) {
    var taps: [Tap] = []
    for y in 0..<placement.output.height {
      for x in 0..<placement.output.width {
        taps.removeAll(keepingCapacity: true)
        let position = y * placement.output.width + x
        for row in 0..<window.size.height {
          for column in 0..<window.size.width {
            guard let source = source(row: row, column: column, at: position) else { continue }
            taps.append(Tap(index: row * window.size.width + column, source: source))
          }
        }
        body(position, taps)
      }
    }
  }

  /// The input position under one element of the window at an output position, both by rows; nil where it is padding.
  func source(row: Int, column: Int, at position: Int) -> Int? {
    let (y, x) = position.quotientAndRemainder(dividingBy: placement.output.width)
    let sourceY = y * window.stride.height + row * window.dilation.height - placement.top
    let sourceX = x * window.stride.width + column * window.dilation.width - placement.left
    guard (0..<input.height).contains(sourceY), (0..<input.width).contains(sourceX) else { return nil }
    return sourceY * input.width + sourceX
  }
}

extension Shape {
  /// - Precondition: A map, as the shape rules of the operations that need one guarantee.
  var extent: Extent {
    guard case .map(let height, let width, _) = self else { preconditionFailure("\(self) is not a map") }
    return Extent(height: height, width: width)
  }
}
