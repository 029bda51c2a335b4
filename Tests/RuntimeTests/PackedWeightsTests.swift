import Architectures
import ModelGraph
import Optimizer
import Runtime
import TestSupport
import Testing
import Threads

/// Blocks of packed weights, which are kept from one run of a program to the next.
struct PackedWeightsTests {
  private let pool = WorkerPool(threads: 2)

  /// A network with each kind of packed weights.
  ///
  /// - Parameter stride: Of the stem; with 2, the image is read where it is.
  private func graph(stride: Int = 1) throws -> Graph {
    var builder = GraphBuilder()
    var weights = RandomWeights(seed: 7)
    let window = Window(size: Extent(3))
    // The first convolution of 3 x 3 is too small for integers, the second is not; both are transformed where they are floats.
    let operations: [(String, Operation)] = [
      // Wide enough for the rows of any tile.
      ("image", .input(.map(height: 9, width: stride == 1 ? 9 : 40, channels: 3))),
      ("stem", .convolution(Convolution(window: Window(size: Extent(3), stride: Extent(stride)), outputChannels: 40))),
      ("stem/normalization", .batchNormalization(BatchNormalization())), ("stem/activation", .activation(.relu)),
      ("small", .convolution(Convolution(window: window, outputChannels: 70))),
      ("large", .convolution(Convolution(window: window, outputChannels: 72))), ("activation", .activation(.relu6)),
      ("separable", .separableConvolution(SeparableConvolution(window: window, outputChannels: 72))),
      ("pointwise", .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 72))),
      (
        "row",
        .convolution(
          Convolution(window: Window(size: Extent(height: 1, width: 7)), outputChannels: 72))
      ),
      ("grouped", .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 72, groups: 3))),
      ("slopes", .parametricRelu),
      ("depthwise", .convolution(Convolution(window: window, outputChannels: 72, groups: 72))),
      ("flat", .activation(.tanh)), ("normalization", .batchNormalization(BatchNormalization())),
      ("mean", .globalPool(GlobalPool(.average))), ("dense", .dense(Dense(outputs: 21))),
    ]
    for (index, (name, operation)) in operations.enumerated() {
      try builder.append(name, operation, index == 0 ? [] : [index - 1]) { weights.tensor(name, $0, $1) }
    }
    return builder.graph
  }

  private func plan(
    _ graph: Graph, _ set: InstructionSet, _ precision: Precision, packed: PackedWeights? = nil
  ) throws -> Plan {
    try Plan(
      Optimizer.optimize(graph, for: precision), instructionSet: set, precision: precision,
      options: options(set), packed: packed, pool: pool)
  }

  /// Which products multiply bf16 numbers does not depend on the processor's model here, and all is transformed that can be.
  private func options(_ set: InstructionSet) -> PlanOptions {
    var options = PlanOptions()
    options.bfloat16Products = [.amx, .avx512bf16].contains(set)
    // These maps are so small that reading the transformed weights would take longer than the direct products.
    options.weighsWinograd = false
    return options
  }

  @Test(arguments: InstructionSet.supported, [1, 2])
  func `A plan that starts from the block of another computes the same bits`(set: InstructionSet, stride: Int) throws {
    for precision in [Precision.float32, .bfloat16, .int8] { try check(set, precision, stride: stride) }
  }

  private func check(_ set: InstructionSet, _ precision: Precision, stride: Int) throws {
    let graph = try graph(stride: stride)
    let first = try plan(graph, set, precision)
    let second = try plan(graph, set, precision, packed: first.packedWeights)
    var weights = RandomWeights(seed: 8)
    let input = weights.input(count: graph.inputShape.elementCount)
    #expect(
      try Executor(plan: first, pool: pool).run(input) == Executor(plan: second, pool: pool).run(input))
    #expect(second.packedWeights.memory === first.packedWeights.memory)
  }

  @Test func `A block of another layout, or of another size, is refused`() throws {
    let graph = try graph()
    let packed = try plan(graph, .portable, .float32).packedWeights
    #expect(throws: PackedWeightsMismatch.self) { try plan(graph, .portable, .bfloat16, packed: packed) }
    let other = PackedWeights(memory: packed.memory, fingerprint: packed.fingerprint + 1)
    #expect(throws: PackedWeightsMismatch.self) { try plan(graph, .portable, .float32, packed: other) }
    let shorter = PackedWeights(
      memory: try AlignedMemory(byteCount: packed.memory.bytes.count - 64), fingerprint: packed.fingerprint)
    #expect(throws: PackedWeightsMismatch.self) { try plan(graph, .portable, .float32, packed: shorter) }
  }

  #if arch(x86_64)
    /// Where these differ from what is found, a block that an earlier build kept is no longer what this one would pack. Raise
    /// `WeightLayout.version` then, so that no such block is used, and write down what this test finds.
    private static let version = 7
    private static let hashes = [
      "avx2 bfloat16 strided": "63e90092c1181fbb",
      "avx2 bfloat16": "3eeb8d6bc01629be",
      "avx2 float32 strided": "b6b5b1863460ca37",
      "avx2 float32": "99c2c44e12b260ce",
      "avx2 int8 strided": "432746438a0ebecc",
      "avx2 int8": "4153ca515627f8b4",
      "avx512 bfloat16 strided": "5f6f6799134dc18f",
      "avx512 bfloat16": "73f401a6667760ad",
      "avx512 float32 strided": "4f3be2d552d25849",
      "avx512 float32": "554939ea04e57bb6",
      "avx512 int8 strided": "c07cef02a39b137d",
      "avx512 int8": "622d7faeb10d6698",
      "avx512bf16 bfloat16 strided": "565e20bf95f6212b",
      "avx512bf16 bfloat16": "a2ad3414b7d5117d",
      "avx512bf16 float32 strided": "4f3be2d552d25849",
      "avx512bf16 float32": "554939ea04e57bb6",
      "avx512bf16 int8 strided": "1daf1d4d1c0b8305",
      "avx512bf16 int8": "ed71ab9f7f8d6a5c",
      "avx512vnni bfloat16 strided": "f542f12923abfb3b",
      "avx512vnni bfloat16": "99202f37b0614549",
      "avx512vnni float32 strided": "4f3be2d552d25849",
      "avx512vnni float32": "554939ea04e57bb6",
      "avx512vnni int8 strided": "1daf1d4d1c0b8305",
      "avx512vnni int8": "ed71ab9f7f8d6a5c",
      "portable bfloat16 strided": "67caa5bbbe3b4b70",
      "portable bfloat16": "6cddf9452a71af13",
      "portable float32 strided": "a9398eeae27e9027",
      "portable float32": "fc26bfb469a0c177",
      "portable int8 strided": "d97b3ac05dd5ad77",
      "portable int8": "ef6cf76960acdb31",
    ]

    @Test func `What is packed is what the version of the packing code says`() throws {
      var found: [String: String] = [:]
      for stride in [1, 2] {
        let graph = try graph(stride: stride)
        for set in InstructionSet.supported {
          for precision in [Precision.float32, .bfloat16, .int8] {
            let packed = try plan(graph, set, precision).packedWeights
            let hash = packed.memory.bytes.reduce(packed.fingerprint) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            found["\(set) \(precision)" + (stride == 1 ? "" : " strided")] = String(hash, radix: 16)
          }
        }
      }
      #expect(PackedWeights.version == Self.version)
      // Of AMX none is written down yet.
      for (name, hash) in found.sorted(by: { $0.key < $1.key }) where !name.hasPrefix("amx") {
        #expect(Self.hashes[name] == hash, "\"\(name)\": \"\(hash)\",")
      }
    }
  #endif
}
