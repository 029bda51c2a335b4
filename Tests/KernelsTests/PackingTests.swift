import ModelGraph
import Reference
import Runtime
import TestSupport
import Testing
import Threads

/// Contents in several blocks that end within a row of a matrix.
private struct BlockedContents: TensorContents {
  let bytes: [UInt8]
  let blockBytes: Int

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try unsafe bytes.withUnsafeBytes(body)
  }

  var blockCount: Int { (bytes.count + blockBytes - 1) / blockBytes }

  func withBlock<Result>(
    _ index: Int, _ body: (_ bytes: UnsafeRawBufferPointer, _ offset: Int) throws -> Result
  ) throws -> Result {
    let start = index * blockBytes
    return try unsafe bytes.withUnsafeBytes {
      try unsafe body(UnsafeRawBufferPointer(rebasing: $0[start..<min(start + blockBytes, bytes.count)]), start)
    }
  }
}

@Suite("Weights of every element type are packed from blocks of any size")
struct PackingTests {
  private func bytes(of values: [Int], _ type: ElementType) -> [UInt8] {
    values.flatMap { value -> [UInt8] in
      let float = Float(value)
      return switch type {
      case .float32: unsafe withUnsafeBytes(of: float.bitPattern.littleEndian) { unsafe Array($0) }
      case .bfloat16: unsafe withUnsafeBytes(of: UInt16(float.bitPattern >> 16).littleEndian) { unsafe Array($0) }
      case .float16: unsafe withUnsafeBytes(of: half(value).littleEndian) { unsafe Array($0) }
      case .int8: [UInt8(bitPattern: Int8(value))]
      case .int32: unsafe withUnsafeBytes(of: Int32(value).littleEndian) { unsafe Array($0) }
      }
    }
  }

  /// The binary16 pattern of a whole number of -3 to 3.
  private func half(_ value: Int) -> UInt16 {
    let magnitudes: [UInt16] = [0, 0x3c00, 0x4000, 0x4200]
    return magnitudes[abs(value)] | (value < 0 ? 0x8000 : 0)
  }

  @Test(arguments: ElementType.allCases, [1, 7, 40, 1000]) func `Dense, pointwise, depthwise and grouped kernels`(
    type: ElementType, blockElements: Int
  ) throws {
    var generator = SplitMix64(seed: 9)
    var builder = GraphBuilder()
    func tensor(_ role: ParameterRole, _ dimensions: [Int], _ name: String) -> Tensor {
      let values = (0..<dimensions.reduce(1, *)).map { _ in Int.random(in: -3...3, using: &generator) }
      let scale = (0..<dimensions.last!).map { Float($0 % 3 + 1) }
      return Tensor(
        name: name + role.rawValue, dimensions: dimensions, elementType: type,
        contents: BlockedContents(bytes: bytes(of: values, type), blockBytes: blockElements * type.byteCount),
        scale: scale)
    }
    let input = try builder.append("input", .input(.map(height: 2, width: 3, channels: 6)))
    let separable = SeparableConvolution(window: Window(size: Extent(3)), outputChannels: 36)
    let first = try builder.append("a", .separableConvolution(separable), [input]) { tensor($0, $1, "a") }
    let grouped = Convolution(window: Window(size: Extent(1)), outputChannels: 4, groups: 2)
    let second = try builder.append("b", .convolution(grouped), [first]) { tensor($0, $1, "b") }
    let clamped = try builder.append("c", .activation(.relu6), [second])
    let flat = try builder.append("d", .flatten, [clamped])
    try builder.append("e", .dense(Dense(outputs: 35)), [flat]) { tensor($0, $1, "e") }
    let values = (0..<36).map { Float($0 % 5 - 2) }
    let expected = try ReferenceExecutor(builder.graph).run(values)
    let pool = WorkerPool(threads: 2)
    for set in InstructionSet.supported {
      let plan = try Plan(builder.graph, instructionSet: set, pool: pool)
      #expect(try Executor(plan: plan, pool: pool).run(values) == expected, "\(set)")
    }
  }

  /// As their values are read to where the panels go, and moved there while panels are made.
  @Test(arguments: ElementType.allCases) func `Winograd kernels are the same bits from every type and blocks`(
    type: ElementType
  ) throws {
    let pool = WorkerPool(threads: 2)
    var options = PlanOptions()
    options.weighsWinograd = false
    for set in InstructionSet.supported {
      for precision in [Precision.float32, .bfloat16] {
        for outputs in [32, 65, 161] {
          func packed(_ type: ElementType, blockElements: Int) throws -> Plan {
            let graph = try winogradGraph(type, outputs, blockElements: blockElements)
            return try Plan(graph, instructionSet: set, precision: precision, options: options, pool: pool)
          }
          let whole = try packed(.float32, blockElements: .max / 8)
          #expect(whole.stageDescriptions.contains { $0.kernel.contains("Winograd") }, "\(set) \(precision)")
          for blockElements in [101, 4096] {
            let blocked = try packed(type, blockElements: blockElements)
            #expect(
              unsafe whole.packedWeights.memory.bytes.elementsEqual(blocked.packedWeights.memory.bytes),
              "\(set), \(precision), \(outputs) columns, blocks of \(blockElements)")
          }
        }
      }
    }
  }

  private func winogradGraph(_ type: ElementType, _ outputs: Int, blockElements: Int) throws -> Graph {
    var generator = SplitMix64(seed: 11)
    var builder = GraphBuilder()
    let input = try builder.append("input", .input(.map(height: 5, width: 6, channels: 35)))
    let convolution = Convolution(window: Window(size: Extent(3)), outputChannels: outputs)
    try builder.append("a", .convolution(convolution), [input]) { role, dimensions in
      let values = (0..<dimensions.reduce(1, *)).map { _ in Int.random(in: -3...3, using: &generator) }
      let bytes = bytes(of: values, type)
      return Tensor(
        name: role.rawValue, dimensions: dimensions, elementType: type,
        contents: BlockedContents(bytes: bytes, blockBytes: min(blockElements * type.byteCount, bytes.count)),
        scale: (0..<outputs).map { Float($0 % 3 + 1) })
    }
    return builder.graph
  }
}
