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
      ("five", .convolution(Convolution(window: Window(size: Extent(5), padding: .same), outputChannels: 100))),
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
    _ graph: Graph, _ set: InstructionSet, _ precision: Precision, tiling: WinogradTiling = .square,
    packed: PackedWeights? = nil
  ) throws -> Plan {
    var options = options(set)
    options.winogradTiling = tiling
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
    for tiling in [WinogradTiling.bytes, .six] { try check(set, .int8, tiling: tiling, stride: stride) }
  }

  private func check(_ set: InstructionSet, _ precision: Precision, tiling: WinogradTiling = .square, stride: Int)
    throws
  {
    let graph = try graph(stride: stride)
    let first = try plan(graph, set, precision, tiling: tiling)
    let second = try plan(graph, set, precision, tiling: tiling, packed: first.packedWeights)
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
    private static let version = 10
    private static let ways: [(Precision, WinogradTiling)] = [
      (.float32, .square), (.bfloat16, .square), (.int8, .square), (.int8, .bytes), (.int8, .six),
    ]
    private static let hashes = [
      "avx2 bfloat16 strided": "7c9871ac3bf5466e",
      "avx2 bfloat16": "dc6dbdbc61e60f0b",
      "avx2 float32 strided": "fdb70398fb62ef2b",
      "avx2 float32": "336218b6ae28430",
      "avx2 int8 strided": "d799b86e2a34092a",
      "avx2 int8": "e5defb622eddf4c0",
      "avx2 int8 windows of 8 x 8 strided": "a79ea87723cde2f9",
      "avx2 int8 windows of 8 x 8": "43b217bcb167ccdb",
      "avx2 int8 windows of bytes strided": "5b6d6f7dd7e10a10",
      "avx2 int8 windows of bytes": "5fce446013cb22f0",
      "avx512 bfloat16 strided": "2af9e6fb4c2cfc01",
      "avx512 bfloat16": "2a37c34f06d18374",
      "avx512 float32 strided": "2298b4b5b0645e27",
      "avx512 float32": "6d488a585c906912",
      "avx512 int8 strided": "c92eff805530907a",
      "avx512 int8": "e1239d01397fe4d",
      "avx512 int8 windows of 8 x 8 strided": "253023c9b1fd84d2",
      "avx512 int8 windows of 8 x 8": "7bc65bcf6f367f25",
      "avx512 int8 windows of bytes strided": "59a865390726f96e",
      "avx512 int8 windows of bytes": "494cb18906864249",
      "avx512bf16 bfloat16 strided": "b4275c5f9392e1f9",
      "avx512bf16 bfloat16": "24590f4d57bef110",
      "avx512bf16 float32 strided": "2298b4b5b0645e27",
      "avx512bf16 float32": "6d488a585c906912",
      "avx512bf16 int8 strided": "9277aede619724a0",
      "avx512bf16 int8": "9910551933b11c37",
      "avx512bf16 int8 windows of 8 x 8 strided": "95f4ed5fb02da896",
      "avx512bf16 int8 windows of 8 x 8": "a72d128a543c7ec9",
      "avx512bf16 int8 windows of bytes strided": "4b0bae2afa7b6521",
      "avx512bf16 int8 windows of bytes": "658988819961dba",
      "avx512vnni bfloat16 strided": "1b27f6a301a1e059",
      "avx512vnni bfloat16": "3199f6199dc52794",
      "avx512vnni float32 strided": "2298b4b5b0645e27",
      "avx512vnni float32": "6d488a585c906912",
      "avx512vnni int8 strided": "9277aede619724a0",
      "avx512vnni int8": "9910551933b11c37",
      "avx512vnni int8 windows of 8 x 8 strided": "95f4ed5fb02da896",
      "avx512vnni int8 windows of 8 x 8": "a72d128a543c7ec9",
      "avx512vnni int8 windows of bytes strided": "4b0bae2afa7b6521",
      "avx512vnni int8 windows of bytes": "658988819961dba",
      "portable bfloat16 strided": "a57261599f9f1dc6",
      "portable bfloat16": "44235fcc1fe9f9c7",
      "portable float32 strided": "9a2a964018a5c50",
      "portable float32": "de5f9e69508bee9b",
      "portable int8 strided": "df3f4cb6216dd0a2",
      "portable int8": "a082ce01b691e2cd",
      "portable int8 windows of 8 x 8 strided": "10bec5d80b9e7728",
      "portable int8 windows of 8 x 8": "aea17e451f766909",
      "portable int8 windows of bytes strided": "9f02039f31166144",
      "portable int8 windows of bytes": "327532af89924f33",
    ]

    @Test func `What is packed is what the version of the packing code says`() throws {
      var found: [String: String] = [:]
      for stride in [1, 2] {
        let graph = try graph(stride: stride)
        for set in InstructionSet.supported {
          for (precision, tiling) in Self.ways {
            let packed = try plan(graph, set, precision, tiling: tiling).packedWeights
            let hash = packed.memory.bytes.reduce(packed.fingerprint) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            let windows = [.bytes: " windows of bytes", .six: " windows of 8 x 8"][tiling] ?? ""
            let name = "\(set) \(precision)" + windows + (stride == 1 ? "" : " strided")
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
