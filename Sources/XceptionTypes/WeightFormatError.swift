/// Why a file is not a valid .xcw file, or could not be read or written.
public struct WeightFormatError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of fault, named as in the list of samples.
  public enum Fault: String, Hashable, Sendable, CaseIterable {
    /// The operating system refuses to open, read or write the file.
    case system
    /// The file does not begin with the signature.
    case signature
    /// Written with the bytes of numbers in the other order.
    case byteOrder
    case version
    /// A required feature that this reader does not know, or one that does not agree with the contents.
    case feature
    /// The file ends before its length.
    case truncated
    /// The file goes on after its length.
    case trailingBytes
    case checksum
    /// A reserved or padding byte that is not zero.
    case padding
    case unknownSection
    case missingSection
    case repeatedSection
    /// Known sections in another order than the specification's.
    case sectionOrder
    /// A hole, an overlap, or a section or tensor that is not aligned.
    case placement
    /// A count or length that does not fit what holds it, or leaves bytes over.
    case size
    /// Beyond a limit of the reader.
    case limit
    /// A field whose value has no meaning.
    case value
    /// A text that is not UTF-8 or has control characters.
    case text
    /// A block that no tensor owns, or that two do.
    case blocks
    /// A deflate stream that is invalid, or not of the length that was declared.
    case deflate
    /// NaN, infinity, or a number that its type cannot hold.
    case number
    /// The graph is not a valid network.
    case graph
    /// Metadata that do not fit the graph.
    case metadata
  }

  public let fault: Fault
  /// The section's name, or nil for the file's header and directory.
  public let section: String?
  /// The byte of the file where the fault is, or nil where it has no single place.
  public let offset: Int?
  /// What is at fault: a field, a node, a tensor; of `system`, what cannot be done.
  public let what: String
  public let found: String
  public let expected: String
  /// Of `system`: what the system's call left in `errno`, or nil where no call failed.
  public let systemCode: Int32?

  package init(
    _ fault: Fault, section: String?, offset: Int?, what: String, found: String, expected: String,
    systemCode: Int32? = nil
  ) {
    self.fault = fault
    self.section = section
    self.offset = offset
    self.what = what
    self.found = found
    self.expected = expected
    self.systemCode = systemCode
  }

  public var description: String {
    var place = section.map { "section \($0)" } ?? ""
    if let offset { place += (place.isEmpty ? "byte " : ", byte ") + String(offset) }
    if !place.isEmpty { place += ": " }
    return switch fault {
    case .system: "cannot \(what): \(found)"
    case .graph: "\(place)\(what): \(found)"
    default: "\(place)\(what): found \(found), expected \(expected)"
    }
  }
}
