/// An activation as kernels apply it to what they store: as limits while sums are in registers, or as a function of the
/// finished floats, in the first-level cache and before they are rounded. Neither takes a pass over a map.
@frozen
public struct OutputActivation: Sendable {
  public let activation: Activation
  @usableFromInline let minimum: Float
  @usableFromInline let maximum: Float
  /// Whether it is more than limits; `limits` are infinite then.
  @usableFromInline let isFunction: Bool

  @inlinable
  public init(_ activation: Activation) {
    self.activation = activation
    let limits = activation.limits
    minimum = limits?.minimum ?? -.infinity
    maximum = limits?.maximum ?? .infinity
    isFunction = limits == nil
  }

  @inlinable
  var isLimited: Bool { minimum > -.infinity || maximum < .infinity }
}
