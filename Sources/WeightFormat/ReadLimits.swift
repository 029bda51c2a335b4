import ModelGraph

/// What a reader accepts, checked before memory is allocated; a caller may lower any of it.
package struct ReadLimits: Hashable, Sendable {
  /// The length of the file.
  package var fileBytes = 1 << 33
  package var sections = 64
  /// The length of any section but DATA, which are read into memory whole.
  package var sectionBytes = 1 << 26
  package var nodes = Limits.nodes
  package var tensors = Limits.nodes
  /// All tensors together, inflated.
  package var inflatedBytes = 1 << 33
  package var labels = 1 << 20
  /// The UTF-8 bytes of one name, label or other text.
  package var textBytes = 1 << 16

  package init() {}

  package static let standard = ReadLimits()
}
