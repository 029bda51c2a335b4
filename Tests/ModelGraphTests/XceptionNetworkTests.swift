import ModelGraph
import TestSupport
import Testing

@Suite("The Xception network")
struct XceptionNetworkTests {
  func graph(_ change: (inout XceptionNetwork) -> Void = { _ in }) throws -> Graph {
    var network = XceptionNetwork()
    change(&network)
    return try network.graph(weights: DimensionsOnly.tensor)
  }

  @Test func `the default has the parameters of the paper's table 3 and of Keras`() throws {
    let graph = try graph()
    #expect(graph.trainableParameterCount == 22_855_952)
    #expect(graph.parameterCount == 22_910_480)
    #expect(graph.outputShape == .vector(1000))
  }
}
