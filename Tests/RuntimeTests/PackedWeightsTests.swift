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

  /// Which products multiply bf16 numbers does not depend on the processor's model here.
  private func options(_ set: InstructionSet) -> PlanOptions {
    var options = PlanOptions()
    options.bfloat16Products = [.amx, .avx512bf16].contains(set)
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
    private static let version = 2
    private static let hashes = [
      "avx2 bfloat16 strided": "59bd1c807b96b299",
      "avx2 bfloat16": "4fc93c53e5743b43",
      "avx2 float32 strided": "a1d609dceea2ee02",
      "avx2 float32": "34dbe232f9ac049f",
      "avx2 int8 strided": "9abb0e16c4bd1b39",
      "avx2 int8": "bd5a3c59d78a653b",
      "avx512 bfloat16 strided": "3283d260a641d77c",
      "avx512 bfloat16": "d3fa203b58972e79",
      "avx512 float32 strided": "dfe4d82de74fdc8d",
      "avx512 float32": "22ca03a431556999",
      "avx512 int8 strided": "854510fa8ee6604a",
      "avx512 int8": "17e9d44710a48f57",
      "avx512bf16 bfloat16 strided": "69646dc296369dd5",
      "avx512bf16 bfloat16": "6bf89c6979e2685d",
      "avx512bf16 float32 strided": "dfe4d82de74fdc8d",
      "avx512bf16 float32": "22ca03a431556999",
      "avx512bf16 int8 strided": "ac969aa21d10c7bf",
      "avx512bf16 int8": "3240b1d540fb6da3",
      "avx512vnni bfloat16 strided": "64b57aedd9297995",
      "avx512vnni bfloat16": "b7e890321cd1cdd1",
      "avx512vnni float32 strided": "dfe4d82de74fdc8d",
      "avx512vnni float32": "22ca03a431556999",
      "avx512vnni int8 strided": "ac969aa21d10c7bf",
      "avx512vnni int8": "3240b1d540fb6da3",
      "portable bfloat16 strided": "c96d438716a793a3",
      "portable bfloat16": "4a769ada1db5dcbd",
      "portable float32 strided": "df3f2b9b060d3b46",
      "portable float32": "dabca79ef47e6a77",
      "portable int8 strided": "6ae3a194312e961c",
      "portable int8": "8f592e6798f0cc1c",
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
