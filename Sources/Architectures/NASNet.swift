import ModelGraph

/// Zoph et al. 2017, "Learning Transferable Architectures for Scalable Image Recognition", as Keras's `NASNetMobile` and
/// `NASNetLarge` for an input of known size.
package struct NASNet: Architecture, Hashable {
  package var name: String
  /// The channels of the last cells, 24 times the width of their convolutions.
  package var penultimateFilters: Int
  /// In each of three groups of normal cells.
  package var cells: Int
  package var stemFilters: Int
  /// Whether the cell after a reduction reads what the reduction read before, not what it read.
  package var skipsReduction: Bool
  package var input: Shape
  package var top = Top.classifier(ClassifierHead())
  package var widthDivisor = 1
  package var pixelScaling: PixelScaling { .outside(.tensorFlow) }

  package static let mobile = NASNet(
    name: "NASNetMobile", penultimateFilters: 1056, cells: 4, stemFilters: 32, skipsReduction: false, side: 224)
  package static let large = NASNet(
    name: "NASNetLarge", penultimateFilters: 4032, cells: 6, stemFilters: 96, skipsReduction: true, side: 331)

  package init(
    name: String, penultimateFilters: Int, cells: Int, stemFilters: Int, skipsReduction: Bool, side: Int
  ) {
    (self.name, self.penultimateFilters, self.cells) = (name, penultimateFilters, cells)
    (self.stemFilters, self.skipsReduction) = (stemFilters, skipsReduction)
    input = .map(height: side, width: side, channels: 3)
  }

  package func append(to network: inout NetworkBuilder) throws {
    let filters = penultimateFilters / 24
    let shrinking = Window(size: Extent(3), stride: Extent(2), padding: .valid)
    try network.appendConvolution("stem_conv1", stemFilters, shrinking)
    try network.appendNormalization("stem_bn1")
    var state = Cell.State(current: network.last)
    try network.appendReduction(Cell(name: "stem_1", filters: filters / 4), &state)
    try network.appendReduction(Cell(name: "stem_2", filters: filters / 2), &state)
    for group in 0..<3 {
      let width = filters << group
      if group > 0 {
        let previous = state.previous
        try network.appendReduction(Cell(name: "reduce_\(group * cells)", filters: width), &state)
        if skipsReduction { state.previous = previous }
      }
      for index in 0..<cells {
        // Reductions count among the cells.
        let number = group * cells + index + (group > 0 ? 1 : 0)
        try network.appendNormal(Cell(name: "\(number)", filters: width), &state)
      }
    }
    network.last = state.current
    try network.append("last_relu", .activation(.relu))
  }
}
