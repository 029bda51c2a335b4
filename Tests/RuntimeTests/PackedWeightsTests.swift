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
    _ graph: Graph, _ set: InstructionSet, _ precision: Precision, hasBytes: Bool = false, packed: PackedWeights? = nil
  ) throws -> Plan {
    var options = options(set)
    options.byteWindows = hasBytes
    return try Plan(
      Optimizer.optimize(graph, for: precision), instructionSet: set, precision: precision,
      options: options, packed: packed, pool: pool)
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
    try check(set, .int8, hasBytes: true, stride: stride)
  }

  private func check(_ set: InstructionSet, _ precision: Precision, hasBytes: Bool = false, stride: Int) throws {
    let graph = try graph(stride: stride)
    let first = try plan(graph, set, precision, hasBytes: hasBytes)
    let second = try plan(graph, set, precision, hasBytes: hasBytes, packed: first.packedWeights)
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
    private static let version = 8
    private static let hashes = [
      "avx2 bfloat16 strided": "8601d7ec9df93697",
      "avx2 bfloat16": "b767b547b86ac25a",
      "avx2 float32 strided": "12e0e4c47aba4773",
      "avx2 float32": "666fc95b4d7e6ba",
      "avx2 int8 strided": "21d1aac2128600b7",
      "avx2 int8": "4a74aac1c2c10e85",
      "avx2 int8 windows of bytes strided": "8237ff44074bd8bc",
      "avx2 int8 windows of bytes": "dded4245a6ae83dc",
      "avx512 bfloat16 strided": "60530622fec0d77f",
      "avx512 bfloat16": "73c643958bf5c8fd",
      "avx512 float32 strided": "57dfcd1097d41719",
      "avx512 float32": "2edc606bd97b5306",
      "avx512 int8 strided": "bc261db6920df18c",
      "avx512 int8": "d416adf4f0b929c1",
      "avx512 int8 windows of bytes strided": "7463126bfe31baa0",
      "avx512 int8 windows of bytes": "513d096ead7006ad",
      "avx512bf16 bfloat16 strided": "33cc59105c6ce150",
      "avx512bf16 bfloat16": "2b1a7986e45b2ea",
      "avx512bf16 float32 strided": "57dfcd1097d41719",
      "avx512bf16 float32": "2edc606bd97b5306",
      "avx512bf16 int8 strided": "bd2768f5066662e0",
      "avx512bf16 int8": "fdd1211178f65ad1",
      "avx512bf16 int8 windows of bytes strided": "2320af431f207155",
      "avx512bf16 int8 windows of bytes": "492d1a2d2fa235a4",
      "avx512vnni bfloat16 strided": "41a602972d67d684",
      "avx512vnni bfloat16": "e59d3a8f8be9a0aa",
      "avx512vnni float32 strided": "57dfcd1097d41719",
      "avx512vnni float32": "2edc606bd97b5306",
      "avx512vnni int8 strided": "bd2768f5066662e0",
      "avx512vnni int8": "fdd1211178f65ad1",
      "avx512vnni int8 windows of bytes strided": "2320af431f207155",
      "avx512vnni int8 windows of bytes": "492d1a2d2fa235a4",
      "portable bfloat16 strided": "55e0fac6d34cfe7c",
      "portable bfloat16": "d0cf87071f76ac5f",
      "portable float32 strided": "62d16c3d20166493",
      "portable float32": "a283bf74498cc6b3",
      "portable int8 strided": "ccc71d3950002364",
      "portable int8": "15884ec84cb08094",
      "portable int8 windows of bytes strided": "aa682b042ad3cc66",
      "portable int8 windows of bytes": "3f4996ad17514fc2",
    ]

    @Test func `What is packed is what the version of the packing code says`() throws {
      var found: [String: String] = [:]
      for stride in [1, 2] {
        let graph = try graph(stride: stride)
        for set in InstructionSet.supported {
          for (precision, hasBytes) in [(Precision.float32, false), (.bfloat16, false), (.int8, false), (.int8, true)] {
            let packed = try plan(graph, set, precision, hasBytes: hasBytes).packedWeights
            let hash = packed.memory.bytes.reduce(packed.fingerprint) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            let name = "\(set) \(precision)" + (hasBytes ? " windows of bytes" : "") + (stride == 1 ? "" : " strided")
            found[name] = String(hash, radix: 16)
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
