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

  /// What each phase of a stage leaves to the busiest of some members, in parts of all its work.
  private func largestShares(of stage: Stage, members: Int) -> [Double] {
    let division = Division(stage.size, members: members)
    return (0..<division.parts).map { part in
      let units = division.units(inPart: part)
      let tickets = Division.tickets(of: units, members: members)
      let work = (0..<units).map { self.work(ofUnit: $0, division, part, stage.size) }
      let shares = (0..<members).map { member in
        let mine = tickets * member / members..<tickets * (member + 1) / members
        return work[units * mine.lowerBound / tickets..<units * mine.upperBound / tickets].reduce(0, +)
      }
      return Double(shares.max()!) / Double(max(1, work.reduce(0, +)))
    }
  }

  private func work(ofUnit unit: Int, _ division: Division, _ part: Int, _ size: StageSize) -> Int {
    guard case .product(let product) = size else { return 1 }
    guard let shared = division.shared else {
      return min(product.tileRows, product.rows - unit * product.tileRows)
    }
    let rows = shared.block(part).count
    let tiles = product.tiles(rows)
    return part % 2 == 0
      ? share(unit, of: product.makingUnits(rows), rows).count
      : share(unit / product.panels, of: shared.rowParts, tiles).count
  }

  /// What 2, 4, 8, 16 and 32 members gain over one by their multiply-adds, at least; and the phases of a run.
  struct Bound: Sendable {
    var network: String
    var gains: [Double]
    var phases: Int
  }

  @Test(arguments: [
    Bound(network: "Xception", gains: [1.85, 3.3, 6.1, 10.7, 11.5], phases: 84),
    Bound(network: "ResNet50", gains: [1.9, 3.4, 4.9, 5.8, 6.1], phases: 106),
    Bound(network: "InceptionV3", gains: [1.85, 3.2, 5.4, 7.9, 9.5], phases: 290),
    Bound(network: "VGG16", gains: [1.9, 3.6, 6.6, 9.1, 10.2], phases: 153),
    Bound(network: "MobileNetV2", gains: [1.95, 3.6, 5.8, 8.2, 8.9], phases: 52),
    Bound(network: "DenseNet121", gains: [1.85, 3.2, 4.9, 6.4, 6.9], phases: 280),
  ])
  func `The largest parts of up to 32 members leave them most of what they could gain`(bound: Bound) throws {
    let network = try Network(bound.network, .float32, .avx512)
    var gains: [Int: Double] = [:]
    for members in 1...32 {
      var critical = 0.0
      var phases = 0
      for (stage, multiplyAdds) in network.stages {
        let shares = largestShares(of: stage, members: members)
        #expect(shares.allSatisfy { $0 <= 1 })
        phases += shares.count
        critical += Double(multiplyAdds) * (shares.max() ?? 1)
      }
      gains[members] = Double(network.multiplyAdds) / critical
      #expect(phases <= bound.phases, "\(members) members")
    }
    #expect(gains[1] == 1)
    for (members, least) in zip([2, 4, 8, 16, 32], bound.gains) {
      #expect(gains[members] ?? 0 >= least, "\(members) members")
    }
  }

  @Test(arguments: 1...32) func `The parts of a shared product are whole`(members: Int) {
    for (rows, panels) in [(49, 64), (196, 8), (100, 48), (1, 1), (13, 3)] {
      let size = ProductSize(
        rows: rows, tileRows: 8, blockRows: 64, sharedRows: 90, panels: panels, depth: 100, weightBytes: 1 << 20)
      let shared = SharedProduct(size, members: members)
      var seen = [Int](repeating: 0, count: rows * panels)
      for block in 0..<shared.blocks {
        let block = shared.block(2 * block)
        let tiles = size.tiles(block.count)
        let units = shared.rowParts * panels
        let tickets = Division.tickets(of: units, members: members)
        for ticket in 0..<tickets {
          let mine = units * ticket / tickets..<units * (ticket + 1) / tickets
          shared.forEachPart(of: mine, tiles: tiles) { tiles, panels in
            for tile in tiles {
              for row in share(tile, of: size.tiles(block.count), block.count) {
                for panel in panels { seen[(block.lowerBound + row) * size.panels + panel] += 1 }
              }
            }
          }
        }
      }
      #expect(seen.allSatisfy { $0 == 1 }, "\(rows) rows, \(panels) panels")
    }
  }
}
