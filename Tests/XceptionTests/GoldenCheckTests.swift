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
