import Architectures
import Kernels
import ModelGraph
import Optimizer
import TestSupport
import Testing

@testable import Runtime

/// How even the members' parts are, by counting what each does where nobody takes of another's queue.
@Suite struct DivisionTests {
  /// A network's stages, with the multiply-adds of each.
  private struct Network {
    var stages: [(stage: Stage, name: String, height: Int, multiplyAdds: Int)]
    var multiplyAdds: Int { stages.reduce(0) { $0 + $1.multiplyAdds } }

    init(_ name: String, _ precision: Precision, _ set: InstructionSet) throws {
      var weights = RandomWeights(seed: 1)
      var graph = try Optimizer.optimize(
        ArchitectureCatalog.named(name).graph { node, role, dimensions in
          dimensions.count == 1 ? weights.tensor(node, role, dimensions) : DimensionsOnly.tensor(node, role, dimensions)
        })
      if precision == .int8 { graph = graph.withIntegerDimensions() }
      var lowering = Lowering(
        graph, kernels: set.kernels, precision: precision, multipliesBFloat16: true, options: PlanOptions())
      lowering.lowerAll()
      let layout = try MemoryLayoutPlan(lowering, kernels: set.kernels)
      stages = layout.stages.map {
        let description = StageDescription($0, lowering: lowering, maps: layout.maps)
        return ($0, description.name, layout.maps[$0.output].height, description.multiplyAdds)
      }
    }
  }

  /// What a stage leaves to the busiest of some members, in parts of all its work.
  private func largestShare(of stage: Stage, members: Int) -> Double {
    let division = Division(stage.size, members: members)
    let tickets = Division.tickets(of: division.units, members: members)
    let work = (0..<division.units).map { self.work(ofUnit: $0, division, stage.size) }
    let shares = (0..<members).map { member in
      let mine = tickets * member / members..<tickets * (member + 1) / members
      return work[division.units * mine.lowerBound / tickets..<division.units * mine.upperBound / tickets].reduce(0, +)
    }
    return Double(shares.max()!) / Double(max(1, work.reduce(0, +)))
  }

  private func work(ofUnit unit: Int, _ division: Division, _ size: StageSize) -> Int {
    guard case .product(let product) = size else { return 1 }
    guard let grid = division.grid else {
      return division.rows(of: unit..<unit + 1, in: product.rows).count
    }
    return grid.rows(unit / product.panels).count
  }

  /// What the units of a stage are, of which some members have none where there are fewer.
  enum Units: CaseIterable {
    /// Of a map: of a depthwise convolution, a pool or a convolution of an image.
    case rows
    /// Of a few rows of all steps of a band.
    case turns
    /// Of channels, where a map or a vector becomes a vector.
    case columns
    /// Of a product whose columns are one panel or too few.
    case tiles
    /// Column panels of parts of a product's rows.
    case grid

    fileprivate init(_ stage: Stage, _ division: Division, _ height: Int) {
      if case .product = stage.size {
        self = division.grid == nil ? .tiles : .grid
      } else {
        self = stage.turnRows > 0 ? .turns : division.units == height ? .rows : .columns
      }
    }
  }

  /// What a network's division must hold, as measured and rounded down or up.
  struct Bound: Sendable, CustomTestStringConvertible {
    var network: String
    var precision: Precision
    /// What 2, 4, 8, 16 and 32 members gain over one by their multiply-adds, at least.
    var gains: [Double]
    /// Phases of more than one ticket, at most, for any number of members.
    var barriers: Int
    /// The percentages of the multiply-adds in stages that leave 16 members a gain below 8, at most.
    var undivided: [Units: Double] = [:]

    var testDescription: String { "\(network), \(precision)" }
  }

  @Test(arguments: bounds)
  func `The largest parts of up to 32 members leave them most of what they could gain`(bound: Bound) throws {
    let network = try Network(bound.network, bound.precision, bound.precision == .float32 ? .avx512 : .avx512bf16)
    var gains: [Int: Double] = [:]
    var barriers = 0
    for members in 1...32 {
      var critical = 0.0
      var phases = 0
      for part in network.stages {
        let division = Division(part.stage.size, members: members)
        let share = largestShare(of: part.stage, members: members)
        let largest = (0..<division.units).map { work(ofUnit: $0, division, part.stage.size) }
        // Nobody has a whole unit more than an even part of them.
        let units = Double(division.units) / Double(members) + 1
        let most = units * Double(largest.max() ?? 1) / Double(largest.reduce(0, +))
        #expect(share <= most + 1e-9, "\(part.name) leaves one of \(members) members \(share) of its work")
        critical += Double(part.multiplyAdds) * share
        if Division.tickets(of: division.units, members: members) > 1 { phases += 1 }
      }
      gains[members] = Double(network.multiplyAdds) / critical
      barriers = max(barriers, phases)
    }
    #expect(gains[1] == 1)
    for (members, least) in zip([2, 4, 8, 16, 32], bound.gains) {
      #expect(gains[members] ?? 0 >= least, "\(members) members")
    }
    #expect(barriers <= bound.barriers)
    let undivided = undivided(network)
    for units in Units.allCases {
      #expect(undivided[units, default: 0] <= bound.undivided[units, default: 0.05], "\(units)")
    }
  }

  /// The percentages of `Bound.undivided`.
  private func undivided(_ network: Network) -> [Units: Double] {
    var found: [Units: Double] = [:]
    for part in network.stages where largestShare(of: part.stage, members: 16) > 1 / 8.0 {
      let units = Units(part.stage, Division(part.stage.size, members: 16), part.height)
      found[units, default: 0] += 100 * Double(part.multiplyAdds) / Double(network.multiplyAdds)
    }
    return found
  }

  /// Maps of 14 x 14 and 7 x 7 feed 16 members: a product divides its columns too. What does not is by rows the 7 or 14 of
  /// depthwise convolutions, of which each row is a ticket; by grids small products of the means in squeeze-and-excite blocks;
  /// and by tiles DenseNet's convolutions of 3 x 3: their 32 columns are a single panel, and their 49 or 16 windows, or 49
  /// pixels, 8 or 2 tiles.
  private static let bounds = [
    Bound(network: "Xception", precision: .float32, gains: [1.97, 3.9, 7.6, 12.9, 28.1], barriers: 41),
    Bound(network: "Xception", precision: .bfloat16, gains: [1.98, 3.7, 7.6, 14.4, 28.2], barriers: 42),
    Bound(network: "Xception", precision: .int8, gains: [1.98, 3.7, 7.6, 13, 25.2], barriers: 42),
    Bound(network: "ResNet50", precision: .float32, gains: [1.99, 3.8, 7.6, 15.3, 23.7], barriers: 56),
    Bound(network: "ResNet50", precision: .bfloat16, gains: [1.99, 3.8, 7.6, 15.3, 23.7], barriers: 56),
    Bound(network: "ResNet50", precision: .int8, gains: [1.98, 3.8, 7.5, 15.2, 26.8], barriers: 52),
    Bound(network: "ResNet152", precision: .float32, gains: [1.99, 3.8, 7.7, 15.4, 21.6], barriers: 158),
    Bound(network: "ResNet152", precision: .bfloat16, gains: [1.99, 3.8, 7.6, 15.4, 21.6], barriers: 158),
    Bound(network: "ResNet152", precision: .int8, gains: [1.98, 3.8, 7.5, 15, 28], barriers: 154),
    Bound(network: "InceptionV3", precision: .float32, gains: [1.94, 3.7, 7.4, 14.2, 21.9], barriers: 114),
    Bound(network: "InceptionV3", precision: .bfloat16, gains: [1.97, 3.8, 7.2, 14.2, 22.5], barriers: 114),
    Bound(network: "InceptionV3", precision: .int8, gains: [1.96, 3.7, 7.2, 14.3, 22.7], barriers: 86),
    Bound(network: "VGG16", precision: .float32, gains: [1.98, 3.9, 7.9, 15.8, 30.4], barriers: 22),
    Bound(network: "VGG16", precision: .bfloat16, gains: [1.98, 3.9, 7.7, 14.8, 30.6], barriers: 22),
    Bound(network: "VGG16", precision: .int8, gains: [1.98, 3.9, 7.7, 14.6, 29.9], barriers: 22),
    Bound(network: "MobileNetV2", precision: .float32, gains: [1.99, 3.9, 7.4, 14.1, 23.6], barriers: 37),
    Bound(network: "MobileNetV2", precision: .bfloat16, gains: [1.99, 3.8, 7.4, 14.1, 23.6], barriers: 37),
    Bound(network: "MobileNetV2", precision: .int8, gains: [1.99, 3.8, 7.3, 14, 23.7], barriers: 37),
    Bound(
      network: "MobileNetV3Large", precision: .float32, gains: [1.99, 3.7, 7.2, 13.5, 24.2], barriers: 63,
      undivided: [.rows: 1.5, .grid: 0.2]),
    Bound(
      network: "MobileNetV3Large", precision: .bfloat16, gains: [1.99, 3.7, 7.3, 13.6, 24.5], barriers: 64,
      undivided: [.rows: 1.5, .grid: 0.2]),
    Bound(
      network: "MobileNetV3Large", precision: .int8, gains: [1.99, 3.7, 7.2, 13.6, 22], barriers: 64,
      undivided: [.rows: 1.5, .grid: 0.2]),
    Bound(
      network: "EfficientNetB0", precision: .float32, gains: [1.98, 3.8, 7.4, 13.9, 24.2], barriers: 86,
      undivided: [.rows: 1.5, .tiles: 0.1, .grid: 0.1]),
    Bound(
      network: "EfficientNetB0", precision: .bfloat16, gains: [1.98, 3.8, 7.4, 13.9, 24.2], barriers: 85,
      undivided: [.rows: 1.5, .tiles: 0.1, .grid: 0.1]),
    Bound(
      network: "EfficientNetB0", precision: .int8, gains: [1.98, 3.7, 7.4, 13.8, 22.1], barriers: 85,
      undivided: [.rows: 1.5, .tiles: 0.1, .grid: 0.1]),
    Bound(
      network: "DenseNet121", precision: .float32, gains: [1.99, 3.5, 6.1, 9.1, 12], barriers: 127,
      undivided: [.tiles: 21.1]),
    Bound(
      network: "DenseNet121", precision: .bfloat16, gains: [1.99, 3.5, 6.1, 9.1, 12], barriers: 129,
      undivided: [.tiles: 21.1]),
    Bound(
      network: "DenseNet121", precision: .int8, gains: [1.99, 3.5, 6.1, 9.1, 11.2], barriers: 129,
      undivided: [.tiles: 21.1]),
  ]

  @Test(arguments: 2...32) func `The parts of a product are whole, and there is room for each`(members: Int) {
    for (rows, panels) in [(49, 64), (196, 8), (100, 48), (1, 1), (13, 3), (3136, 2)] {
      let size = ProductSize(
        rows: rows, tileRows: 8, leastRows: 4, blockRows: 64, panels: panels, weightBytes: 1 << 20,
        cycles: ProductCycles(row: 0.3, tile: 8, panel: 32))
      let grid = ProductGrid(size, members: members)
      let units = grid.rowParts * panels
      let tickets = Division.tickets(of: units, members: members)
      var seen = [Int](repeating: 0, count: rows * panels)
      for ticket in 0..<tickets {
        grid.forEachPart(of: units * ticket / tickets..<units * (ticket + 1) / tickets) { part, panels in
          #expect(grid.rows(part).count <= size.blockRows)
          for row in grid.rows(part) {
            for panel in panels { seen[row * size.panels + panel] += 1 }
          }
        }
      }
      #expect(seen.allSatisfy { $0 == 1 }, "\(rows) rows, \(panels) panels")
    }
  }
}
