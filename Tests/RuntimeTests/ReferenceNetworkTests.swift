import ModelGraph
import Runtime
import TestSupport
import Testing

@Suite("The reference executor on whole networks")
struct ReferenceNetworkTests {
  @Test func `a small Xception gives probabilities`() throws {
    var weights = RandomWeights(seed: 1)
    var network = XceptionNetwork()
    network.input = .map(height: 35, width: 35, channels: 3)
    network.widthDivisor = 32
    let executor = try ReferenceExecutor(try network.graph { weights.tensor($0, $1, $2) })
    let output = try executor.run(weights.input(count: 35 * 35 * 3))
    #expect(output.count == 1000)
    #expect(abs(output.reduce(0, +) - 1) < 1e-5)
    #expect(output.allSatisfy { $0 >= 0 })
  }
}
