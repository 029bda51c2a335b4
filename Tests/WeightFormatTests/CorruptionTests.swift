import ModelGraph
import Testing

@testable import WeightFormat

/// Faults at every place of a small file, which has one weight.
@Suite("A damaged file gives an error")
struct CorruptionTests {
  @Test(arguments: WeightFile.StorageProfile.allCases)
  func `Truncated at any byte`(profile: WeightFile.StorageProfile) throws {
    let bytes = try WeightFile.bytes(of: try SampleModels.least(), profile: profile)
    for length in bytes.indices {
      #expect(throws: WeightFormatError.self, "\(length) bytes") { try WeightFile(bytes: Array(bytes[..<length])) }
    }
  }

  @Test(arguments: WeightFile.StorageProfile.allCases)
  func `Any single bit flipped`(profile: WeightFile.StorageProfile) throws {
    var bytes = try WeightFile.bytes(of: try SampleModels.least(), profile: profile)
    for index in bytes.indices {
      for bit in 0..<8 {
        bytes[index] ^= 1 << bit
        #expect(throws: WeightFormatError.self, "bit \(bit) of byte \(index)") {
          try WeightFile(bytes: bytes).verifyContents()
        }
        bytes[index] ^= 1 << bit
      }
    }
  }

  @Test
  func `Any field of a section all ones or zero, with right checksums, is read or refused and never traps`() throws {
    for model in [
      try SampleModels.firstOperations(), try SampleModels.laterOperations(), try SampleModels.small(kernelType: .int8),
    ] {
      for kind in [SectionKind.metadata, .graph, .tensors, .blocks] {
        let length = try WeightFile(bytes: SampleFile(model).bytes()).sections.first { $0.kind == kind }!.length
        for offset in stride(from: 0, to: length - 3, by: 4) {
          for value: UInt32 in [.max, 0] {
            var file = try SampleFile(model)
            file.set(kind, at: offset, to: value)
            _ = SampleTests.outcome(try file.bytes())
          }
        }
      }
    }
  }

  @Test func `Of several damaged blocks the first is named, whichever thread comes upon its own first`() throws {
    var bytes = try WeightFile.bytes(of: SampleModels.severalBlocks(whole: 6), profile: .stored)
    let data = try WeightFile(bytes: bytes).sections.last!.offset
    for block in [5, 2, 3] { bytes[data + block * FormatConstants.blockLength + 9] ^= 1 }
    for _ in 0..<5 {
      #expect {
        try WeightFile(bytes: bytes).verifyContents()
      } throws: { error in
        let error = error as? WeightFormatError
        return error?.fault == .checksum && error?.offset == data + 2 * FormatConstants.blockLength
      }
    }
  }

  @Test func `Each limit refuses what is beyond it`() throws {
    let bytes = try WeightFile.bytes(of: try SampleModels.small())
    let lower: [(WritableKeyPath<ReadLimits, Int>, Int)] = [
      (\.fileBytes, bytes.count), (\.sections, 5), (\.nodes, 6), (\.tensors, 6), (\.labels, 3), (\.textBytes, 35),
      (\.inflatedBytes, (216 + 4 * 8 + 24) * 4),
    ]
    for (limit, value) in lower {
      var limits = ReadLimits.standard
      limits[keyPath: limit] = value
      _ = try WeightFile(bytes: bytes, limits: limits)
      limits[keyPath: limit] = value - 1
      #expect { try WeightFile(bytes: bytes, limits: limits) } throws: { ($0 as? WeightFormatError)?.fault == .limit }
    }
    var limits = ReadLimits.standard
    limits.sectionBytes = 100
    #expect { try WeightFile(bytes: bytes, limits: limits) } throws: { ($0 as? WeightFormatError)?.fault == .limit }
  }

  @Test func `What the writer cannot say is an error, not a file`() throws {
    var models: [WeightFormatError.Fault: Model] = [:]
    let valid = try SampleModels.small()
    for fault in [WeightFormatError.Fault.graph, .metadata, .text, .number, .size, .limit] { models[fault] = valid }
    models[.graph]!.graph.nodes[1].inputs = [5]
    models[.metadata]!.metadata.labels = ["one"]
    models[.text]!.metadata.labels[0] = "\u{7}"
    models[.number]!.graph.tensors[0] = Tensor(
      name: "nan", dimensions: [3, 3, 3, 8], values: [Float](repeating: .nan, count: 216))
    models[.size]!.graph.tensors[0].contents = MemoryContents(bytes: [1, 2, 3])
    models[.limit]!.metadata.license = String(repeating: "x", count: 1 << 17)
    for (fault, model) in models {
      #expect { try WeightFile.bytes(of: model) } throws: { ($0 as? WeightFormatError)?.fault == fault }
    }
  }
}
