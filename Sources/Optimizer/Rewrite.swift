import ModelGraph

/// A graph while a pass rewrites it.
///
/// Indices stay valid throughout: nodes and tensors are changed, added or abandoned, never moved. `finished()` drops what
/// is no longer read and renumbers the rest.
struct Rewrite {
  private(set) var nodes: [Node]
  private(set) var tensors: [Tensor]
  /// For each node, the nodes that read its value, once for each time they do, in no particular order.
  private(set) var consumers: [[Int]]
  private var output: Int
  private var tensorUses: [Int]
  private var tensorNames: Set<String>
  /// How often each name was asked for, where more than once.
  private var nameCounts: [String: Int] = [:]
  private var nodeNames: Set<String>

  /// - Precondition: The graph is valid.
  init(_ graph: Graph) {
    nodes = graph.nodes
    tensors = graph.tensors
    consumers = graph.consumers
    output = graph.nodes.count - 1
    tensorUses = [Int](repeating: 0, count: graph.tensors.count)
    tensorNames = Set(graph.tensors.map(\.name))
    nodeNames = Set(graph.nodes.map(\.name))
    for node in nodes { for tensor in node.parameters { tensorUses[tensor] += 1 } }
  }

  /// Whether the output still depends on the node.
  func isLive(_ node: Int) -> Bool { node == output || !consumers[node].isEmpty }

  /// Whether the value is read exactly once and is not the graph's output.
  func isReadOnce(_ node: Int) -> Bool { consumers[node].count == 1 }

  /// Whether any node has or had the name.
  func hasNode(named name: String) -> Bool { nodeNames.contains(name) }

  /// Makes every reader of a node read another instead, and abandons the node.
  ///
  /// - Precondition: The other node does not depend on this one.
  mutating func redirectReaders(of node: Int, to other: Int) {
    for reader in consumers[node] {
      for position in nodes[reader].inputs.indices where nodes[reader].inputs[position] == node {
        nodes[reader].inputs[position] = other
      }
      consumers[other].append(reader)
    }
    consumers[node] = []
    if output == node { output = other }
    abandon([node])
  }

  /// Puts another step in the place of a node; nodes and tensors that only the old step read are abandoned.
  mutating func replace(_ index: Int, with node: Node) {
    let old = nodes[index]
    nodes[index] = node
    nodeNames.insert(node.name)
    for input in node.inputs { consumers[input].append(index) }
    for tensor in node.parameters { tensorUses[tensor] += 1 }
    release(old, at: index)
  }

  /// Adds a tensor; its name gets a number where it is taken.
  mutating func add(_ tensor: Tensor) -> Int {
    var tensor = tensor
    let name = tensor.name
    while !tensorNames.insert(tensor.name).inserted {
      nameCounts[name, default: 1] += 1
      tensor.name = "\(name) \(nameCounts[name, default: 1])"
    }
    tensors.append(tensor)
    tensorUses.append(0)
    return tensors.count - 1
  }

  /// The index of a changed version of a tensor that one parameter of one node uses: the same tensor where nothing else
  /// uses it, else a new one.
  mutating func change(_ index: Int, to tensor: Tensor) -> Int {
    guard tensorUses[index] == 1, tensor.name == tensors[index].name else { return add(tensor) }
    tensors[index] = tensor
    return index
  }

  private mutating func release(_ node: Node, at index: Int) {
    for tensor in node.parameters { tensorUses[tensor] -= 1 }
    for input in node.inputs {
      if let use = consumers[input].lastIndex(of: index) { consumers[input].remove(at: use) }
    }
    abandon(Set(node.inputs).sorted())
  }

  /// Abandons the nodes that nothing reads any more, and then those that only they read.
  private mutating func abandon(_ candidates: [Int]) {
    var pending = candidates
    while let index = pending.popLast() {
      guard !isLive(index) else { continue }
      for tensor in nodes[index].parameters { tensorUses[tensor] -= 1 }
      for input in nodes[index].inputs {
        if let use = consumers[input].lastIndex(of: index) { consumers[input].remove(at: use) }
        pending.append(input)
      }
      nodes[index].inputs = []
      nodes[index].parameters = []
    }
  }

  /// The graph: live nodes in the order that they had, except that a node which now reads a later one follows it; and
  /// their tensors in the order of their first use.
  func finished() -> Graph {
    var graph = Graph()
    var newNode = [Int?](repeating: nil, count: nodes.count)
    var newTensor = [Int?](repeating: nil, count: tensors.count)
    var waits = [Bool](repeating: false, count: nodes.count)
    for index in nodes.indices where isLive(index) {
      var pending = [index]  // A node waits here below the inputs that it still needs.
      while let next = pending.last {
        let missing = nodes[next].inputs.filter { newNode[$0] == nil }
        guard missing.isEmpty else {
          precondition(!waits[next], "\(nodes[next].name) was made to depend on itself")
          waits[next] = true
          pending += missing.reversed()
          continue
        }
        pending.removeLast()
        guard newNode[next] == nil else { continue }
        newNode[next] = graph.nodes.count
        var node = nodes[next]
        node.inputs = node.inputs.compactMap { newNode[$0] }
        node.parameters = node.parameters.map { tensor in
          if let number = newTensor[tensor] { return number }
          newTensor[tensor] = graph.tensors.count
          graph.tensors.append(tensors[tensor])
          return graph.tensors.count - 1
        }
        graph.nodes.append(node)
      }
    }
    return graph
  }
}
