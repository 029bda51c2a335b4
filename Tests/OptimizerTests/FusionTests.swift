import ModelGraph
import Testing

@testable import Optimizer

@Suite struct DropNoOpsTests {
  @Test func `What gives its input's value is dropped`() throws {
    var small = try SmallGraph()
    try small.append("dropout", .activation(.identity))
    try small.append("one", .concatenate)
    try small.append("max", .maxPool(Window(size: Extent(1))))
    try small.append("average", .averagePool(AveragePool(window: Window(size: Extent(1), padding: .valid))))
    try small.append("c", .pointwise(2))
    try small.append("relu", .activation(.relu))
    try small.append("again", .activation(.relu))
    try small.append("elu", .activation(.elu(alpha: 2)))
    try small.append("flat", .flatten)
    try small.append("flatter", .flatten)
    let dropped = DropNoOps().apply(to: small.graph)
    try dropped.validate()
    #expect(
      dropped.structure == [
        "input() = input", "c(input) = convolution 1x1 same", "relu(c) = relu", "flat(relu) = flatten",
      ])
  }

  @Test func `What changes its input stays`() throws {
    var small = try SmallGraph()
    try small.append("strided", .maxPool(Window(size: Extent(1), stride: Extent(2))))
    let padded = Window(size: Extent(2), padding: .explicit(top: 1, left: 0, bottom: 0, right: 1))
    try small.append("padded", .averagePool(AveragePool(window: padded)))
    try small.append("relu", .activation(.relu))
    try small.append("relu6", .activation(.relu6))
    try small.append("sigmoid", .activation(.sigmoid))
    try small.append("elu", .activation(.elu(alpha: 1)))
    try small.append("two", .concatenate, reads: ["elu", "elu"])
    try small.append("add", .add, reads: ["two", "two"])
    try small.append("flat", .flatten)
    let kept = small.graph.structure.filter { !$0.hasPrefix("elu") }.map {
      $0.replacing("elu elu", with: "sigmoid sigmoid")
    }
    #expect(DropNoOps().apply(to: small.graph).structure == kept)
  }

  @Test func `A graph of nothing but no-ops is its input`() throws {
    var small = try SmallGraph()
    try small.append("dropout", .activation(.identity))
    #expect(try Optimizer.optimize(small.graph).structure == ["input() = input"])
  }
}

@Suite struct FuseActivationTests {
  @Test(arguments: [Activation.relu, .relu6, .elu(alpha: 0.5), .sigmoid])
  func `Convolutions and dense layers take an activation`(activation: Activation) throws {
    var small = try SmallGraph()
    try small.append("c", .pointwise(2))
    try small.append("a", .activation(activation))
    try small.append(
      "s", .separableConvolution(SeparableConvolution(window: Window(size: Extent(3)), outputChannels: 3)))
    try small.append("b", .activation(activation))
    try small.append("pool", .globalPool(GlobalPool(.average)))
    try small.append("d", .dense(Dense(outputs: 2)))
    try small.append("e", .activation(activation))
    let fused = FuseActivation().apply(to: small.graph)
    try fused.validate()
    #expect(
      fused.structure == [
        "input() = input", "c(input) = convolution 1x1 same -> \(activation)",
        "s(c) = separable convolution 3x3 same -> \(activation)", "pool(s) = global average pool",
        "d(pool) = dense + bias -> \(activation)",
      ])
  }

  @Test func `A value that another node reads, or one activated already, keeps its activation apart`() throws {
    var small = try SmallGraph()
    try small.append("c", .pointwise(2))
    try small.append("relu", .activation(.relu))
    try small.append("sum", .add, reads: ["c", "relu"])
    try small.append("d", .pointwise(2))
    try small.append("elu", .activation(.elu(alpha: 1)))
    try small.append("sigmoid", .activation(.sigmoid))
    let fused = FuseActivation().apply(to: small.graph)
    #expect(
      fused.structure == [
        "input() = input", "c(input) = convolution 1x1 same", "relu(c) = relu", "sum(c relu) = add",
        "d(sum) = convolution 1x1 same -> elu", "sigmoid(d) = sigmoid",
      ])
  }
}

@Suite struct FuseInputActivationTests {
  @Test func `All readers take the activation where they are convolutions`() throws {
    var small = try SmallGraph()
    try small.append("pool", .maxPool(Window(size: Extent(3))))
    try small.append("relu", .activation(.relu))
    try small.append("a", .depthwise(2))
    try small.append("b", .pointwise(2), reads: ["relu"])
    try small.append("sum", .add, reads: ["a", "b", "pool"])
    let fused = FuseInputActivation().apply(to: small.graph)
    try fused.validate()
    #expect(
      fused.structure == [
        "input() = input", "pool(input) = max pool 3x3 same", "a(pool) = relu -> depthwise convolution 3x3 same",
        "b(pool) = relu -> convolution 1x1 same", "sum(a b pool) = add",
      ])
  }

  @Test func `An activation stays where another kind of node, or a residual, reads it`() throws {
    var small = try SmallGraph()
    try small.append("relu", .activation(.relu))
    try small.append("a", .pointwise(2))
    let residual = Convolution(
      window: Window(size: Extent(1)), outputChannels: 2, epilogue: Epilogue(addsResidual: true))
    try small.append("b", .convolution(residual), reads: ["a", "relu"])
    try small.append("elu", .activation(.elu(alpha: 1)))
    try small.append("c", .pointwise(2))
    try small.append("pool", .maxPool(Window(size: Extent(2))), reads: ["elu"])
    try small.append("join", .concatenate, reads: ["c", "pool"])
    #expect(FuseInputActivation().apply(to: small.graph).structure == small.graph.structure)
  }

  @Test func `Sigmoid of zero is not zero, so it is not fused, nor is a second activation`() throws {
    var small = try SmallGraph()
    try small.append("sigmoid", .activation(.sigmoid))
    try small.append(
      "a", .convolution(Convolution(window: Window(size: Extent(3)), outputChannels: 2, inputActivation: .relu)))
    try small.append("pool", .maxPool(Window(size: Extent(3))))
    try small.append("relu6", .activation(.relu6))
    try small.append(
      "b", .convolution(Convolution(window: Window(size: Extent(3)), outputChannels: 2, inputActivation: .relu)))
    #expect(FuseInputActivation().apply(to: small.graph).structure == small.graph.structure)
  }
}

@Suite struct FuseResidualTests {
  @Test func `The later convolution takes the other's value, whatever the order of the sum`() throws {
    for terms in [["a", "b"], ["b", "a"]] {
      var small = try SmallGraph()
      try small.append("a", .pointwise(2))
      try small.append("b", .depthwise(2), reads: ["input"])
      try small.append("sum", .add, reads: terms)
      let fused = FuseResidual().apply(to: small.graph)
      try fused.validate()
      #expect(
        fused.structure == [
          "input() = input", "a(input) = convolution 1x1 same",
          "b(input a) = depthwise convolution 3x3 same + residual",
        ])
    }
  }

  @Test func `A convolution that stood before its residual moves behind it`() throws {
    var small = try SmallGraph()
    try small.append("shortcut", .pointwise(2, stride: 2))
    try small.append("main", .depthwise(2), reads: ["input"])
    try small.append("pool", .maxPool(Window(size: Extent(3), stride: Extent(2))))
    try small.append("sum", .add, reads: ["pool", "shortcut"])
    try small.append("relu", .activation(.relu))
    let fused = FuseResidual().apply(to: small.graph)
    try fused.validate()
    #expect(
      fused.structure == [
        "input() = input", "main(input) = depthwise convolution 3x3 same", "pool(main) = max pool 3x3/2 same",
        "shortcut(input pool) = convolution 1x1/2 same + residual", "relu(shortcut) = relu",
      ])
  }

  @Test func `Sums that no convolution can take stay`() throws {
    var small = try SmallGraph()
    try small.append("a", .pointwise(2))
    try small.append("twice", .add, reads: ["a", "a"])
    try small.append("b", .pointwise(2))
    try small.append("three", .add, reads: ["input", "b", "a"])
    try small.append("c", .pointwise(2))
    try small.append("relu", .activation(.relu), reads: ["c"])
    try small.append("sum", .add, reads: ["c", "relu"])
    try small.append("pool", .globalPool(GlobalPool(.average)))
    try small.append("d", .dense(Dense(outputs: 2)))
    try small.append("last", .add, reads: ["d", "pool"])
    #expect(FuseResidual().apply(to: small.graph).structure == small.graph.structure)
  }
}

@Suite struct FuseSeparableTests {
  @Test func `A depthwise and a pointwise convolution become one step with the name they share`() throws {
    var small = try SmallGraph()
    try small.append("s/depthwise", .depthwise(2))
    try small.append("s/pointwise", .pointwise(3, hasBias: true))
    try small.append("t1", .depthwise(3))
    try small.append("t2", .pointwise(3))
    let fused = try FuseSeparable().apply(to: small.graph)
    try fused.validate()
    #expect(
      fused.structure == [
        "input() = input", "s(input) = separable convolution 3x3 same + bias", "t2(s) = separable convolution 3x3 same",
      ])
    #expect(
      fused.tensors.map(\.name) == [
        "s/depthwise/kernel", "s/pointwise/kernel", "s/pointwise/bias", "t1/kernel", "t2/kernel",
      ])
  }

  @Test func `A shared name that is taken is not given twice`() throws {
    var small = try SmallGraph()
    try small.append("s", .pointwise(2))
    try small.append("s/depthwise", .depthwise(2))
    try small.append("s/pointwise", .pointwise(3))
    #expect(try Optimizer.optimize(small.graph).nodes.map(\.name) == ["input", "s", "s/pointwise"])
  }

  @Test func `A depthwise bias goes through the pointwise kernel`() throws {
    for hasBias in [false, true] {
      var small = try SmallGraph()
      try small.append("d", .depthwise(2, hasBias: true), ["bias": [10, 100]])
      try small.append("p", .pointwise(3, hasBias: hasBias))
      var graph = small.graph
      graph.tensors[2].scale = [1, 2, 3]
      let fused = try FuseSeparable().apply(to: graph)
      try fused.validate()
      #expect(fused.structure.last == "p(input) = separable convolution 3x3 same + bias")
      // The kernel's rows are (1, 2 * 2, 3 * 3) and (4, 2 * 5, 3 * 6).
      #expect(try fused.values("p/bias") == (hasBias ? [411, 1042, 1893] : [410, 1040, 1890]))
    }
  }

  @Test func `An activation between the parts keeps the depthwise bias`() throws {
    var small = try SmallGraph()
    try small.append("d", .depthwise(2, hasBias: true))
    try small.append("elu", .activation(.elu(alpha: 1)))
    try small.append("p", .pointwise(3))
    let fused = try Optimizer.optimize(small.graph)
    #expect(fused.structure.last == "p(input) = separable convolution 3x3 same (+ bias -> elu)")
    #expect(fused.tensors.map(\.name) == ["d/kernel", "d/bias", "p/kernel"])
  }

  @Test func `An activation that the pointwise part applies as it reads is one between the parts`() throws {
    var small = try SmallGraph()
    try small.append("d", .depthwise(2))
    try small.append(
      "p", .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 3, inputActivation: .relu)))
    #expect(
      try FuseSeparable().apply(to: small.graph).structure.last == "p(input) = separable convolution 3x3 same (-> relu)"
    )
  }

  @Test func `A residual and activations at both ends stay with the step`() throws {
    var small = try SmallGraph()
    var depthwise = Convolution(window: Window(size: Extent(3)), outputChannels: 2, groups: 2)
    depthwise.inputActivation = .relu6
    var pointwise = Convolution(window: Window(size: Extent(1)), outputChannels: 2)
    pointwise.epilogue = Epilogue(addsResidual: true, activation: .relu)
    try small.append("d", .convolution(depthwise))
    try small.append("p", .convolution(pointwise), reads: ["d", "input"])
    #expect(
      try FuseSeparable().apply(to: small.graph).structure.last
        == "p(input input) = relu6 -> separable convolution 3x3 same + residual -> relu")
  }

  @Test(arguments: [
    (Operation.depthwise(2, multiplier: 2), Operation.pointwise(3)),
    (.depthwise(2), .pointwise(3, stride: 2)),
    (.depthwise(2), .pointwise(3, padding: .explicit(top: 1, left: 0, bottom: 0, right: 0))),
    (.convolution(Convolution(window: Window(size: Extent(3)), outputChannels: 2)), .pointwise(3)),
    (.depthwise(2), .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 4, groups: 2))),
    (
      .convolution(
        Convolution(
          window: Window(size: Extent(3)), outputChannels: 2, groups: 2, epilogue: Epilogue(activation: .relu))),
      .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 3, inputActivation: .relu6))
    ),
  ])
  func `Other pairs stay two steps`(first: Operation, second: Operation) throws {
    var small = try SmallGraph()
    try small.append("first", first)
    try small.append("second", second)
    #expect(try FuseSeparable().apply(to: small.graph).structure == small.graph.structure)
  }

  @Test func `A depthwise convolution that another node reads stays`() throws {
    var small = try SmallGraph()
    try small.append("d", .depthwise(2))
    try small.append("p", .pointwise(2))
    try small.append("sum", .add, reads: ["d", "p"])
    #expect(try FuseSeparable().apply(to: small.graph).structure == small.graph.structure)
  }
}
