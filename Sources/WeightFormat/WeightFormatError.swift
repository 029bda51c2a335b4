@_exported public import XceptionTypes

extension WeightFormatError {
  package init(
    _ fault: Fault, in section: SectionKind? = nil, at offset: Int? = nil, _ what: String, found: String,
    expected: String
  ) {
    self.init(
      fault, section: section?.description, offset: offset, what: what, found: found, expected: expected)
  }
}
