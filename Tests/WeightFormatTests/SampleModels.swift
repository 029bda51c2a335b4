import ModelGraph
import WeightFormat

/// Small models that between them use every element type and every operation.
enum SampleModels {
  /// What weights of a tensor are made of.
  enum Weights {
    case random, zero
  }

  /// A convolution, batch normalization, a pool and a classifier of three classes: six tensors.
  static func small(kernelType: ElementType = .float32, weights: Weights = .random, side: Int = 6) throws -> Model {
    var builder = GraphBuilder()
    let input = try builder.append("image", .input(.map(height: side, width: side, channels: 3)))
    let make = maker(kernelType: kernelType, weights: weights)
    let convolution = try builder.append(
      "conv", .convolution(Convolution(window: Window(size: Extent(3)), outputChannels: 8)), [input], weights: make)
    let normalization = try builder.append(
      "bn", .batchNormalization(BatchNormalization()), [convolution], weights: make)
    let pool = try builder.append("pool", .globalPool(GlobalPool(.average)), [normalization])
    let dense = try builder.append("classifier", .dense(Dense(outputs: 3, hasBias: false)), [pool], weights: make)
    try builder.append("probabilities", .softmax, [dense])
    return Model(graph: builder.graph, metadata: metadata)
  }

  static var metadata: Metadata {
    Metadata(
      architecture: "sample", preprocessing: .timm, labels: ["cup", "fork", "cuillère"], output: .classProbabilities,
      converter: "sample maker 1", source: .init(fileName: "sample.keras", sha256: (0..<32).map { UInt8($0) }),
      license: "Apache-2.0", attribution: "nobody,\nas these are random numbers",
      golden: .init(seed: 7, output: [0.25, 0.5, 0.25], tolerance: 0.001))
  }

  static var leastMetadata: Metadata {
    Metadata(architecture: "", preprocessing: .keras, output: .classLogits, converter: "")
  }

  /// A picture in the middle of a black ground.
  static func padded(_ padding: Preprocessing.Padding) throws -> Model {
    var model = try small()
    model.metadata.preprocessing.geometry = .pad(padding)
    return model
  }

  /// The smallest: one input, one weight.
  static func least() throws -> Model {
    var builder = GraphBuilder()
    let input = try builder.append("a", .input(.vector(1)))
    try builder.append(
      "b", .dense(Dense(outputs: 1, hasBias: false)), [input], weights: maker(kernelType: .float32, weights: .random))
    var metadata = leastMetadata
    metadata.preprocessing.mean = [0]
    metadata.preprocessing.standardDeviation = [1]
    return Model(graph: builder.graph, metadata: metadata)
  }

  /// A plane that is long enough to be deflated in quarters, whose length is no multiple of four.
  static func quartered() throws -> Model {
    var builder = GraphBuilder()
    let input = try builder.append("in", .input(.vector(130)))
    try builder.append("dense", .dense(Dense(outputs: 127, hasBias: false)), [input]) { role, dimensions in
      var generator = SplitMix64(seed: 1)
      // Each value is half as likely as the one before.
      let bytes = (0..<130 * 127).map { _ in UInt8(generator.next().trailingZeroBitCount) }
      return Tensor(
        name: role.rawValue, dimensions: dimensions, elementType: .int8, contents: MemoryContents(bytes: bytes),
        scale: [Float](repeating: 0.5, count: 127))
    }
    var metadata = leastMetadata
    metadata.preprocessing.mean = [Float](repeating: 0, count: 130)
    metadata.preprocessing.standardDeviation = [Float](repeating: 1, count: 130)
    return Model(graph: builder.graph, metadata: metadata)
  }

  /// A pool whose padding is as wide as dilation allows, wider than the window has values.
  static func dilatedPool() throws -> Model {
    var builder = GraphBuilder()
    var node = try builder.append("image", .input(.map(height: 6, width: 6, channels: 1)))
    let window = Window(
      size: Extent(2), dilation: Extent(2), padding: .explicit(top: 2, left: 2, bottom: 2, right: 2))
    node = try builder.append("pool", .maxPool(window), [node])
    node = try builder.append("pooled", .globalPool(GlobalPool(.average)), [node])
    try builder.append(
      "dense", .dense(Dense(outputs: 1, hasBias: false)), [node],
      weights: maker(kernelType: .float32, weights: .random))
    var metadata = leastMetadata
    metadata.preprocessing.mean = [0]
    metadata.preprocessing.standardDeviation = [1]
    return Model(graph: builder.graph, metadata: metadata)
  }

  /// A tensor of one whole block, or more of them, and a part of another.
  static func severalBlocks(whole: Int = 1) throws -> Model {
    var builder = GraphBuilder()
    let input = try builder.append("in", .input(.vector(1)))
    let elements = whole * FormatConstants.blockLength / 2 + 1001
    try builder.append("dense", .dense(Dense(outputs: elements, hasBias: false)), [input]) { role, dimensions in
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: elements * 2) { buffer, count in
        for index in 0..<elements * 2 { unsafe buffer[index] = UInt8(truncatingIfNeeded: index / 3 % 61) }
        count = elements * 2
      }
      return Tensor(
        name: role.rawValue, dimensions: dimensions, elementType: .float16, contents: MemoryContents(bytes: bytes))
    }
    var metadata = leastMetadata
    metadata.preprocessing.mean = [0]
    metadata.preprocessing.standardDeviation = [1]
    return Model(graph: builder.graph, metadata: metadata)
  }

  /// Makes tensors named after their order, of the kernel type where they have more than one dimension.
  static func maker(kernelType: ElementType, weights: Weights) -> (ParameterRole, [Int]) throws -> Tensor {
    var count = 0
    return { role, dimensions in
      defer { count += 1 }
      let type = dimensions.count > 1 ? kernelType : .float32
      return tensor("\(count) \(role)", dimensions, type, weights, seed: UInt64(count))
    }
  }

  static func tensor(
    _ name: String, _ dimensions: [Int], _ type: ElementType, _ weights: Weights = .random, seed: UInt64 = 1
  ) -> Tensor {
    let elements = dimensions.reduce(1, *)
    let values = Metadata.Golden.input(seed: seed, count: elements)
    var writer = ByteWriter()
    for value in values {
      let value = weights == .zero ? 0 : value * value * value
      switch type {
      case .float32: writer.float(value)
      case .float16: writer.raw(littleEndian(value.halfBitPattern!))
      case .bfloat16: writer.raw(littleEndian(value.bfloatBitPattern!))
      case .int8: writer.raw([UInt8(bitPattern: Int8(value * 127))])
      case .int32: writer.unsigned32(UInt32(bitPattern: Int32(value * 1000)))
      }
    }
    let channels = dimensions.last!
    return Tensor(
      name: name, dimensions: dimensions, elementType: type, contents: MemoryContents(bytes: writer.bytes),
      scale: type == .int8 ? (0..<channels).map { Float($0 + 1) / 128 } : nil)
  }

  private static func littleEndian(_ value: UInt16) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
  }
}

/// A tensor's bytes in memory.
struct MemoryContents: TensorContents {
  var bytes: [UInt8]

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try unsafe bytes.withUnsafeBytes(body)
  }
}

extension Tensor {
  /// All bytes, however the contents give them.
  func bytes() throws -> [UInt8] { try unsafe contents.withBytes { unsafe Array($0) } }
}
