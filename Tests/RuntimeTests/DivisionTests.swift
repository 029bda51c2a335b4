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
    var stages: [(stage: Stage, multiplyAdds: Int)]
    var multiplyAdds: Int { stages.reduce(0) { $0 + $1.multiplyAdds } }

    init(_ name: String, _ precision: Precision, _ set: InstructionSet) throws {
      var weights = RandomWeights(seed: 1)
      var graph = try Optimizer.optimize(
        ArchitectureCatalog.named(name).graph { node, role, dimensions in
          dimensions.count == 1 ? weights.tensor(node, role, dimensions) : DimensionsOnly.tensor(node, role, dimensions)
        })
      if precision == .int8 { graph = try graph.withIntegerKernels() }
      var lowering = Lowering(
        graph, kernels: set.kernels, precision: precision, multipliesBFloat16: true, options: PlanOptions())
      lowering.lowerAll()
      let layout = try MemoryLayoutPlan(lowering, kernels: set.kernels)
      stages = layout.stages.map {
        ($0, StageDescription($0, lowering: lowering, maps: layout.maps).multiplyAdds)
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
      return min(product.tileRows, product.rows - unit * product.tileRows)
    }
    return grid.rows(unit / product.panels).count
  }

  /// What 2, 4, 8, 16 and 32 members gain over one by their multiply-adds, at least.
  struct Bound: Sendable {
    var network: String
    var gains: [Double]
  }

  @Test(arguments: [
    Bound(network: "Xception", gains: [1.85, 3.3, 6.1, 10.7, 11.5]),
    Bound(network: "ResNet50", gains: [1.9, 3.4, 4.9, 5.8, 6.1]),
    Bound(network: "InceptionV3", gains: [1.85, 3.2, 5.4, 7.9, 9.5]),
    Bound(network: "VGG16", gains: [1.9, 3.6, 6.6, 9.1, 10.2]),
    Bound(network: "MobileNetV2", gains: [1.95, 3.6, 5.8, 8.2, 8.9]),
    Bound(network: "DenseNet121", gains: [1.85, 3.2, 4.9, 6.4, 6.9]),
  ])
  func `The largest parts of up to 32 members leave them most of what they could gain`(bound: Bound) throws {
    let network = try Network(bound.network, .float32, .avx512)
    var gains: [Int: Double] = [:]
    for members in 1...32 {
      let critical = network.stages.reduce(0.0) { sum, part in
        sum + Double(part.multiplyAdds) * largestShare(of: part.stage, members: members)
      }
      gains[members] = Double(network.multiplyAdds) / critical
    }
    #expect(gains[1] == 1)
    for (members, least) in zip([2, 4, 8, 16, 32], bound.gains) {
      #expect(gains[members] ?? 0 >= least, "\(members) members")
    }
  }

  @Test(arguments: 2...32) func `The parts of a product are whole, and there is room for each`(members: Int) {
    for (rows, panels) in [(49, 64), (196, 8), (100, 48), (1, 1), (13, 3), (3136, 2)] {
      let size = ProductSize(
        rows: rows, tileRows: 8, blockRows: 64, panels: panels, weightBytes: 1 << 20,
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
