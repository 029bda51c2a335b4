import ModelGraph

@testable import WeightFormat

/// A weights file: its structure and its contents. What is read must be written as the same bytes twice.
struct WeightFileTarget: FuzzTarget {
  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    let file: WeightFile
    do throws(WeightFormatError) {
      file = try WeightFile(bytes: FuzzedWeightFile.bytes(of: unsafe [UInt8](bytes)), limits: FuzzedWeightFile.limits)
      try file.verifyContents()
    } catch {
      return .refused
    }
    do throws(WeightFormatError) {
      let written = try WeightFile.bytes(of: file.model, profile: file.profile)
      let again = try WeightFile.bytes(of: WeightFile(bytes: written).model, profile: file.profile)
      guard written == again else { defect("what was written is written differently") }
    } catch {
      defect("what was read cannot be written: \(error)")
    }
    return .accepted
  }

  func mutated(_ bytes: [UInt8], _ random: inout FuzzRandom) -> [UInt8]? {
    FuzzedWeightFile(bytes)?.mutated(&random).encoded
  }
}

/// What is changed of a weights file: its five sections, without the checksums and places that bind them.
struct FuzzedWeightFile {
  private var features: UInt8
  private var sections: [[UInt8]]

  /// A file's value cannot slow the search down.
  static let limits: ReadLimits = {
    var limits = ReadLimits()
    limits.inflatedBytes = 1 << 20
    return limits
  }()

  /// A byte of features, the lengths of four sections, and all five; nil for a file as it is, whose first byte is larger.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 17, bytes[0] < 4 else { return nil }
    features = bytes[0]
    sections = []
    var offset = 17
    for index in 0..<4 {
      let length = (0..<4).reduce(0) { $0 | Int(bytes[1 + 4 * index + $1]) << (8 * $1) }
      let end = min(bytes.count, offset + length)
      sections.append(Array(bytes[offset..<end]))
      offset = end
    }
    sections.append(Array(bytes[offset...]))
  }

  /// The file of a fuzzer's input.
  static func bytes(of input: [UInt8]) -> [UInt8] { FuzzedWeightFile(input)?.file ?? input }

  var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.raw([features])
    for section in sections.dropLast() { writer.unsigned32(UInt32(section.count)) }
    for section in sections { writer.raw(section) }
    return writer.bytes
  }

  private static let words: [UInt32] = [
    0, 1, 2, 3, 4, 5, 6, 8, 13, 14, 25, 255, 256, 4096, 4097, 16384, 65536, 1 << 20, 1 << 26, 1 << 30, (1 << 30) + 1,
    0x7fff_ffff, 0x8000_0000, .max, 0x7f80_0000, 0x7fc0_0000, 0x7f7f_ffff, 1, 0x8000_0001, 0x3f80_0000, 0x0080_0000,
  ]

  /// One section changed: a word of it as often as its bytes.
  func mutated(_ random: inout FuzzRandom) -> FuzzedWeightFile {
    var result = self
    let which = random.element(of: [0, 1, 1, 1, 2, 2, 3, 4, 5])
    if which == 5 {
      result.features = UInt8(random.below(4))
    } else if sections[which].count >= 4, random.chance(2) {
      let offset = random.below(sections[which].count / 4) * 4
      let old = (0..<4).reduce(UInt32(0)) { $0 | UInt32(sections[which][offset + $1]) << UInt32(8 * $1) }
      let new =
        random.chance(3) ? old &+ UInt32(truncatingIfNeeded: random.below(5) - 2) : random.element(of: Self.words)
      for index in 0..<4 {
        result.sections[which][offset + index] = UInt8(truncatingIfNeeded: new >> UInt32(8 * index))
      }
    } else {
      result.sections[which] = mutatedPart(sections[which])
    }
    return result
  }

  /// The whole file, with the checksums and places that its sections need.
  private var file: [UInt8] {
    var sections = sections
    correctBlocks(&sections[3], data: sections[4])
    let names = SectionKind.known
    var offset = FormatConstants.headerLength + FormatConstants.entryLength * names.count
    var directory = ByteWriter()
    var body = ByteWriter()
    for (kind, section) in zip(names, sections) {
      let start = FormatConstants.aligned(offset)
      body.raw([UInt8](repeating: 0, count: start - offset))
      body.raw(section)
      directory.unsigned32(kind.rawValue)
      directory.unsigned32(1)
      directory.unsigned64(UInt64(start))
      directory.unsigned64(UInt64(section.count))
      directory.unsigned32(Checksum.of(section))
      directory.unsigned32(0)
      offset = start + section.count
    }
    let header = Header(
      required: RequiredFeatures(rawValue: UInt32(features)), fileLength: offset, sectionCount: names.count,
      directoryChecksum: Checksum.of(directory.bytes))
    return header.bytes + directory.bytes + body.bytes
  }

  /// Writes into the block table what the blocks' checksums are, where they lie one behind the other.
  private func correctBlocks(_ table: inout [UInt8], data: [UInt8]) {
    var end = 0
    for entry in stride(from: 0, through: table.count - FormatConstants.blockEntryLength, by: 20) {
      let length = (1...4).reduce(0) { sum, plane in
        sum + (0..<4).reduce(0) { $0 | Int(table[entry + 4 * plane + $1]) << (8 * $1) }
      }
      let start = FormatConstants.aligned(end)
      guard start + length <= data.count else { return }
      let checksum = Checksum.of(Array(data[start..<start + length]))
      for index in 0..<4 { table[entry + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
      end = start + length
    }
  }
}
