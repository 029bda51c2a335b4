/// Four ASCII characters that say what a section holds.
package struct SectionKind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let metadata = SectionKind("META")
  package static let graph = SectionKind("GRPH")
  package static let tensors = SectionKind("TNSR")
  package static let blocks = SectionKind("BLCK")
  package static let data = SectionKind("DATA")
  /// Those of version 1, each of which a file holds once, in this order.
  static let known = [metadata, graph, tensors, blocks, data]
  /// What had to be assumed when the file was made: optional, so that readers which do not know it skip it.
  package static let assumptions = SectionKind("ASSM")

  package init(_ name: StaticString) {
    precondition(name.utf8CodeUnitCount == 4)
    rawValue = (0..<4).reduce(0) { unsafe $0 | UInt32(name.utf8Start[$1]) << (8 * $1) }
  }

  /// The four characters, or the number where they are not printable ASCII.
  package var description: String {
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: rawValue >> (8 * $0)) }
    guard bytes.allSatisfy({ (0x20..<0x7f).contains($0) }) else { return "0x" + String(rawValue, radix: 16) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
