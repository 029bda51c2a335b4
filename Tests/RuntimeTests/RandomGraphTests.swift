import ModelGraph
import Reference
import Runtime
import TestSupport
import Testing

@Suite("Random graphs on the reference executor")
struct RandomGraphTests {
  @Test(arguments: 0..<100 as Range<UInt64>) func `Whole numbers stay whole and exact`(seed: UInt64) throws {
    var random = try RandomGraph(seed: seed, values: .integers)
    let executor = try ReferenceExecutor(random.graph)
    let values = try executor.values(for: random.input(), of: Array(random.graph.nodes.indices))
    #expect(values.allSatisfy { $0.allSatisfy { $0 == $0.rounded() && abs($0) < 0x1p24 } })
  }

  @Test(arguments: 0..<100 as Range<UInt64>) func `Floats stay finite and of the inferred sizes`(seed: UInt64) throws {
    var random = try RandomGraph(seed: seed)
    let executor = try ReferenceExecutor(random.graph)
    let values = try executor.values(for: random.input(), of: Array(random.graph.nodes.indices))
    for (node, values) in zip(random.graph.nodes, values) {
      #expect(values.count == node.shape.elementCount, "\(node)")
      #expect(values.allSatisfy { $0.isFinite && abs($0) < 1e6 }, "\(node)")
    }
  }

  @Test func `All operations but the fused one occur`() throws {
    var found = Set<String>()
    for seed in 0..<100 as Range<UInt64> {
      found.formUnion(try RandomGraph(seed: seed).graph.nodes.map(\.operation.name))
    }
    let expected: Set = [
      "input", "convolution", "grouped convolution", "batch normalization", "dense", "softmax", "add", "concatenate",
      "max pool", "average pool", "global average pool", "global max pool", "flatten", "constant", "sum", "difference",
      "product", "maximum", "minimum", "reshape", "pad", "slice", "shuffle channels", "resize",
      "transposed convolution",
      "parametric relu",
    ]
    let functions = Activation.examples.map(\.name).filter {
      !["exponential", "square root", "logarithm", "threshold"].contains($0)
    }
    #expect(found == expected.union(functions))
  }
}
