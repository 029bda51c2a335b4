import ModelGraph

@testable import WeightFormat

/// A file of `Formats/samples`, made from a fixed seed, with the fault that it must give.
struct Sample: Sendable {
  let name: String
  /// Nil for a valid file.
  let fault: WeightFormatError.Fault?
  /// The section that the error must name.
  let section: SectionKind?
  let make: @Sendable () throws -> [UInt8]

  /// The model that an invalid file says, but for its fault.
  enum Base {
    case small(ElementType)
    case firstOperations, laterOperations, everyActivation, least, yesOrNo, dilatedPool, quartered

    func model() throws -> Model {
      switch self {
      case .small(let type): try SampleModels.small(kernelType: type)
      case .firstOperations: try SampleModels.firstOperations()
      case .laterOperations: try SampleModels.laterOperations()
      case .everyActivation: try SampleModels.activationsOfRevision2()
      case .least: try SampleModels.least()
      case .yesOrNo: try SampleModels.yesOrNo()
      case .dilatedPool: try SampleModels.dilatedPool()
      case .quartered: try SampleModels.quartered()
      }
    }
  }

  /// A valid file.
  init(valid name: String, _ make: @escaping @Sendable () throws -> [UInt8]) {
    self.name = name
    fault = nil
    section = nil
    self.make = make
  }

  /// A file with one thing wrong.
  init(
    _ name: String, _ fault: WeightFormatError.Fault, _ section: SectionKind? = nil,
    of base: Base = .small(.float32), profile: WeightFile.StorageProfile = .compact,
    _ change: @escaping @Sendable (inout SampleFile) throws -> Void
  ) {
    self.name = name
    self.fault = fault
    self.section = section
    make = {
      var file = try SampleFile(try base.model(), profile: profile)
      try change(&file)
      return try file.bytes()
    }
  }

  static let all = valid + ofHeader + ofDirectory + ofMetadata + ofGraph + ofOperations + ofTensors + ofBlocks + ofData

  private static let valid =
    ElementType.allCases.flatMap { type in
      WeightFile.StorageProfile.allCases.map { profile in
        Sample(valid: "\(type)-\(profile)") {
          try SampleFile(try SampleModels.small(kernelType: type), profile: profile).bytes()
        }
      }
    } + [
      Sample(valid: "all-zero") { try SampleFile(try SampleModels.small(weights: .zero, side: 12)).bytes() },
      Sample(valid: "operations-1-to-13") { try SampleFile(try SampleModels.firstOperations()).bytes() },
      Sample(valid: "operations-14-to-25") { try SampleFile(try SampleModels.laterOperations()).bytes() },
      Sample(valid: "operations-26-and-27") { try SampleFile(try SampleModels.latestOperations()).bytes() },
      Sample(valid: "every-activation") { try SampleFile(try SampleModels.activationsOfRevision2()).bytes() },
      Sample(valid: "least") { try SampleFile(try SampleModels.least(), profile: .stored).bytes() },
      Sample(valid: "yes-or-no") { try SampleFile(try SampleModels.yesOrNo(), profile: .stored).bytes() },
      Sample(valid: "pool-dilated-padding") { try SampleFile(try SampleModels.dilatedPool()).bytes() },
      Sample(valid: "quartered-plane") { try SampleFile(try SampleModels.quartered()).bytes() },
      Sample(valid: "unknown-optional-section") {
        var file = try SampleFile(try SampleModels.small())
        file.otherSections = [(SectionKind("NOTE"), false, Array("a reader skips this".utf8))]
        return try file.bytes()
      },
      Sample(valid: "padded-before") { try SampleFile(try SampleModels.padded(.before)).bytes() },
      Sample(valid: "padded-after") { try SampleFile(try SampleModels.padded(.after)).bytes() },
      Sample(valid: "assumptions") {
        var file = try SampleFile(try SampleModels.small())
        file.otherSections = [(.assumptions, false, try assumptions(["pixels of 0 to 255", "no crop"]))]
        return try file.bytes()
      },
      Sample(valid: "unknown-optional-feature") {
        var file = try SampleFile(try SampleModels.small())
        file.changes[.header] = { $0.replace(at: 20, with: 1 << 31) }
        return try file.bytes()
      },
    ]

  /// The bytes of an ASSM section.
  static func assumptions(_ texts: [String]) throws -> [UInt8] {
    var writer = ByteWriter()
    try writer.assumptions(texts)
    return writer.bytes
  }
}

extension SampleFile {
  /// Changes bytes of a section before its checksum is computed.
  mutating func change(_ kind: SectionKind, _ change: @escaping (inout [UInt8]) -> Void) {
    changes[.section(kind)] = change
  }

  /// Overwrites a number of a section.
  mutating func set(_ kind: SectionKind, at offset: Int, to value: UInt32) {
    change(kind) { $0.replace(at: offset, with: value) }
  }

  /// Overwrites a number of a node's attributes, of which each takes four bytes.
  mutating func setAttribute(_ index: Int, of name: String, to value: UInt32) throws {
    let place = nodes.firstIndex { $0.name == name }!
    var writer = ByteWriter()
    try Graph(nodes: Array(nodes[...place])).encodeNodes(to: &writer)
    var attributes = ByteWriter()
    _ = try nodes[place].operation.encode(to: &attributes)
    precondition(4 * index < attributes.bytes.count, "the node has no such attribute")
    set(.graph, at: writer.bytes.count - attributes.bytes.count + 4 * index, to: value)
  }

  /// Replaces a node's operation, and nothing that follows from it.
  mutating func replace(_ name: String, with operation: Operation) {
    nodes[nodes.firstIndex { $0.name == name }!].operation = operation
  }

  mutating func setHeader(at offset: Int, to value: UInt32) {
    changes[.header] = { $0.replace(at: offset, with: value) }
  }

  /// Overwrites a number of a section's entry, by its place in the file.
  mutating func setEntry(_ index: Int, at offset: Int, to value: UInt32) {
    changes[.directory] = { $0.replace(at: index * FormatConstants.entryLength + offset, with: value) }
  }

  /// Replaces the last plane of the first tensor, which is deflated, by what is made of its inflated bytes.
  mutating func replaceStream(_ replacement: ([UInt8]) -> [UInt8]) throws {
    let stream = blocks[0][0].last!
    let count = records[0].byteCount / records[0].elementType.byteCount
    var plane = [UInt8](repeating: 0, count: count)
    precondition(stream.count < count, "the sample's plane must be one that deflates")
    let fault = Inflater()!.inflateAll(stream, into: &plane)
    precondition(fault == nil)
    let replaced = replacement(plane)
    precondition(replaced.count < count, "the sample's stream must be shorter than its plane")
    blocks[0][0][blocks[0][0].count - 1] = replaced
  }

  /// Stores the first tensor's block as it is, with one element replaced.
  mutating func replaceElement(_ pattern: UInt32) {
    let size = records[0].elementType.byteCount
    let count = records[0].byteCount / size
    var planes = [[UInt8]](repeating: [UInt8](repeating: 1, count: count), count: size)
    for plane in 0..<size { planes[plane][5] = UInt8(truncatingIfNeeded: pattern >> (8 * UInt32(plane))) }
    if features & 1 == 0 { planes = [(0..<count * size).map { planes[$0 % size][$0 / size] }] }
    blocks[0] = [planes]
  }
}

extension Inflater {
  fileprivate borrowing func inflateAll(_ bytes: [UInt8], into plane: inout [UInt8]) -> String? {
    unsafe plane.withUnsafeMutableBytes { plane in unsafe bytes.withUnsafeBytes { unsafe inflate($0, into: plane) } }
  }
}
