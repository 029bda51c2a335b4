import ModelGraph
import Optimizer
import SmallModel
import Testing

@testable import Xception

@Suite("The golden check")
struct GoldenCheckTests {
  /// The small model with weights of a precision, and its check.
  private func model(_ precision: Precision) throws -> Model {
    var model = try SmallModel.model()
    if precision != .float32 { model.graph = try Optimizer.quantize(model.graph, to: precision).graph }
    model.metadata.golden = try GoldenCheck.record(of: model.graph)
    return model
  }

  @Test func `What the reference recorded, the kernels compute, in fp32 and in the precision of the weights`() throws {
    for precision in Precision.allCases {
      let outcomes = try #require(try GoldenCheck(of: model(precision))).run()
      #expect(outcomes.map(\.precision) == (precision == .float32 ? [.float32] : [.float32, precision]))
      #expect(outcomes.allSatisfy { $0.isPassed }, "\(outcomes)")
    }
  }

  @Test(arguments: Precision.allCases)
  func `A weight that changed is noticed in each precision`(precision: Precision) throws {
    var model = try model(precision)
    let golden = try #require(model.metadata.golden)
    // The probabilities of other classes, as a wrong order of the last weights would give.
    model.metadata.golden?.output = golden.output.map { 1 - $0 }
    let outcomes = try #require(GoldenCheck(of: model)).run()
    #expect(!outcomes.contains { $0.isPassed }, "\(outcomes)")
  }

  /// Differences of sums of 512 products that are the same to four digits: as many are lost when they are taken.
  private func cancelling() throws -> Model {
    var random = SplitMix64(seed: 3)
    let base = (0..<512 * 8).map { _ in Float.random(in: -1...1, using: &random) }
    // Columns 2 j and 2 j + 1 differ by less than a ten-thousandth.
    let sums = base.flatMap { [$0, $0 + 7e-5 * Float.random(in: -1...1, using: &random)] }
    let differences = (0..<16 * 8).map { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: 8)
      return row / 2 == column ? Float(row % 2 == 0 ? 1 : -1) : 0
    }
    var builder = GraphBuilder()
    var last = try builder.append("image", .input(.vector(512)))
    for (name, outputs, values) in [("sums", 16, sums), ("differences", 8, differences)] {
      last = try builder.append(name, .dense(Dense(outputs: outputs, hasBias: false)), [last]) { _, dimensions in
        Tensor(name: name, dimensions: dimensions, values: values)
      }
    }
    var model = try SmallModel.model()
    model.graph = builder.graph
    model.metadata.golden = try GoldenCheck.record(of: model.graph)
    return model
  }

  @Test func `A network that magnifies rounding is given what its own rounding moves, and no wrong weights`() throws {
    let model = try cancelling()
    let golden = try #require(model.metadata.golden)
    let outcome = try #require(GoldenCheck(of: model)).run()[0]
    #expect(outcome.difference > golden.tolerance && outcome.isPassed, "\(outcome)")
    #expect(outcome.tolerance <= 0.02001 * golden.output.map(abs).max()!)
    // Two of 512 inputs in the other's place.
    var swapped = model
    var values = try model.graph.tensors[0].values()
    for column in 0..<16 { values.swapAt(7 * 16 + column, 300 * 16 + column) }
    swapped.graph.tensors[0] = Tensor(name: "sums", dimensions: [512, 16], values: values)
    let wrong = try #require(GoldenCheck(of: swapped)).run()[0]
    #expect(!wrong.isPassed && wrong.sensitivity != nil, "\(wrong)")
  }

  @Test func `Where rounding moves all of the output, no tolerance is wide enough`() throws {
    var model = try cancelling()
    model.graph.tensors = try model.graph.tensors.map { try $0.converted(to: .bfloat16) }
    model.metadata.golden = try GoldenCheck.record(of: cancelling().graph)
    let outcomes = try #require(GoldenCheck(of: model)).run()
    #expect(!outcomes.contains { $0.isPassed }, "\(outcomes)")
  }

  @Test func `A network that overflows is refused, by the layer where it begins`() throws {
    var builder = GraphBuilder()
    let input = try builder.append("image", .input(.vector(2)))
    var last = input
    // a, -a; then 2 a * 3e38 twice, which no float holds; then their difference.
    for (name, values) in [
      ("large", [1e38, -1e38, 1e38, -1e38]), ("more", [3e38, 3e38, -3e38, -3e38]), ("difference", [1, 1, -1, -1]),
    ] as [(String, [Float])] {
      last = try builder.append(name, .dense(Dense(outputs: 2, hasBias: false)), [last]) { _, _ in
        Tensor(name: name, dimensions: [2, 2], values: values)
      }
    }
    _ = try builder.append("sigmoid", .activation(.sigmoid), [last])
    #expect { try GoldenCheck.record(of: builder.graph) } throws: { error in
      guard let overflow = error as? NetworkOverflow else { return false }
      return overflow.node == "more" && overflow.value.isInfinite
        && "\(overflow)".contains("the network overflows")
    }
  }

  @Test func `A model without a check has none`() throws { #expect(try GoldenCheck(of: SmallModel.model()) == nil) }
}
