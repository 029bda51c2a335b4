/// The nodes that a value needs, each after those that it reads.
struct ONNXOrder {
  private let nodes: [ONNXNode]
  private let known: Set<String>
  private var producers: [String: Int] = [:]

  /// - Parameter known: The names of inputs and initializers.
  init(_ graph: ONNXGraph, known: Set<String>) {
    nodes = graph.nodes
    self.known = known
    for (index, node) in graph.nodes.enumerated() {
      for name in node.outputs where !name.isEmpty { producers[name] = index }
    }
  }

  func nodes(for output: String) throws(ImportError) -> [ONNXNode] {
    guard let last = producers[output] else {
      throw .model(reason: "the output \"\(output)\" is no node's value")
    }
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    var pending = [last]
    while let index = pending.popLast() {
      guard !isNeeded[index] else { continue }
      isNeeded[index] = true
      pending += try sources(of: index)
    }
    // The file's order where that is a valid one, as it should be.
    var order: [Int] = []
    var state = [State](repeating: .new, count: nodes.count)
    for start in nodes.indices where isNeeded[start] { try visit(start, &state, &order) }
    return order.map { nodes[$0] }
  }

  private enum State { case new, open, done }

  private func visit(_ start: Int, _ state: inout [State], _ order: inout [Int]) throws(ImportError) {
    var stack = [start]
    while let index = stack.last {
      switch state[index] {
      case .done: stack.removeLast()
      case .open:
        state[index] = .done
        order.append(index)
        stack.removeLast()
      case .new:
        state[index] = .open
        for source in try sources(of: index) {
          guard state[source] != .open else { throw error(index, "is part of a cycle: it needs its own value") }
          if state[source] == .new { stack.append(source) }
        }
      }
    }
  }

  private func sources(of index: Int) throws(ImportError) -> [Int] {
    var sources: [Int] = []
    for name in nodes[index].inputs where !name.isEmpty && !known.contains(name) {
      guard let source = producers[name] else { throw error(index, "reads \"\(name)\", which nothing makes") }
      sources.append(source)
    }
    return sources
  }

  private func error(_ index: Int, _ reason: String) -> ImportError {
    let node = nodes[index]
    return .layer(
      name: node.name.isEmpty ? node.outputs.first ?? "" : node.name, reason: "\(node.operation): \(reason)")
  }
}
