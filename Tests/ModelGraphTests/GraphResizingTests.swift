import Architectures
import ModelGraph
import TestSupport
import Testing

@Suite struct GraphResizingTests {
  @Test func `Xception at another size has the shapes that building it at that size gives`() throws {
    func network(height: Int, width: Int) throws -> Graph {
      var network = XceptionNetwork()
      network.input = .map(height: height, width: width, channels: 3)
      return try network.graph(weights: DimensionsOnly.tensor)
    }
    let resized = try network(height: 299, width: 299).resized(to: Extent(height: 150, width: 224))
    let built = try network(height: 150, width: 224)
    #expect(resized.nodes == built.nodes)
    #expect(resized.nodes[0].shape == .map(height: 150, width: 224, channels: 3))
  }

  @Test func `A size at which a window no longer fits is refused with the node's name`() throws {
    let graph = try XceptionNetwork().graph(weights: DimensionsOnly.tensor)
    #expect {
      try graph.resized(to: Extent(2))
    } throws: { error in
      (error as? GraphError)?.node == "block1_conv1"
    }
  }

  @Test func `Weights that belong to one size are refused at another`() throws {
    var builder = GraphBuilder()
    let input = try builder.append("input", .input(.map(height: 4, width: 4, channels: 3)))
    let flat = try builder.append("flatten", .flatten, [input])
    try builder.append("fc", .dense(Dense(outputs: 2)), [flat]) { DimensionsOnly.tensor("fc", $0, $1) }
    let graph = builder.graph
    #expect(try graph.resized(to: Extent(4)).nodes == graph.nodes)
    #expect {
      try graph.resized(to: Extent(5))
    } throws: { error in
      "\(error)".contains("node \"fc\"") && "\(error)".contains("[75, 2]")
    }
  }

  @Test func `A vector has no size`() throws {
    var builder = GraphBuilder()
    let input = try builder.append("input", .input(.vector(3)))
    try builder.append("softmax", .softmax, [input])
    let graph = builder.graph
    #expect(throws: GraphError.self) { try graph.resized(to: Extent(4)) }
  }
}
