import ModelGraph
import SmallModel
import Testing

@testable import Xception

@Suite("A network that the kernels cannot run yet")
struct RunnableTests {
  @Test("It is refused by name of node and operation, and never run without it")
  func refusal() throws {
    let graph = try SmallModel.model(ending: .logits).graph
    #expect(graph.reasonNotToRun == nil)
    let last = graph.nodes.count - 1
    for (operation, name) in [(Operation.activation(.softplus), "softplus"), (.unitNormalization, "normalization")] {
      var changed = graph
      changed.nodes.append(Node(name: "odd", operation: operation, inputs: [last], shape: graph.outputShape))
      #expect {
        try ReadyNetwork(changed)
      } throws: { error in
        guard case .network(let reason)? = error as? ReadyNetworkError else { return false }
        return reason.contains("\"odd\"") && reason.contains(name)
      }
    }
  }
}
