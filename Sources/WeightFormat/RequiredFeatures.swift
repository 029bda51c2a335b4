/// The features that a reader must know to read a file.
package struct RequiredFeatures: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Blocks are byte planes, each deflated or stored; without it, tensors are stored as they are.
  package static let compact = RequiredFeatures(rawValue: 1)
  /// The graph is one that an optimizer made: it has fused steps, or tensors with a scale.
  package static let optimized = RequiredFeatures(rawValue: 2)
  static let known: RequiredFeatures = [.compact, .optimized]
}
