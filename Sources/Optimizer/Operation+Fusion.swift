import ModelGraph

/// What the steps that take fused parts have in common.
extension Operation {
  /// What a convolution of either kind does before it stores its sums; nil for other operations.
  var epilogue: Epilogue? {
    get {
      switch self {
      case .convolution(let convolution): convolution.epilogue
      case .separableConvolution(let separable): separable.epilogue
      default: nil
      }
    }
    set {
      guard let newValue else { return }
      switch self {
      case .convolution(var convolution):
        convolution.epilogue = newValue
        self = .convolution(convolution)
      case .separableConvolution(var separable):
        separable.epilogue = newValue
        self = .separableConvolution(separable)
      default: break
      }
    }
  }

  /// The activation that a step with weights applies to its value; nil for steps that cannot apply one.
  var outputActivation: Activation? {
    get {
      if case .dense(let dense) = self { dense.activation } else { epilogue?.activation }
    }
    set {
      guard let newValue else { return }
      if case .dense(var dense) = self {
        dense.activation = newValue
        self = .dense(dense)
      } else {
        epilogue?.activation = newValue
      }
    }
  }

  /// The activation that a convolution of either kind applies to what it reads; nil for other operations.
  var inputActivation: Activation? {
    get {
      switch self {
      case .convolution(let convolution): convolution.inputActivation
      case .separableConvolution(let separable): separable.inputActivation
      default: nil
      }
    }
    set {
      guard let newValue else { return }
      switch self {
      case .convolution(var convolution):
        convolution.inputActivation = newValue
        self = .convolution(convolution)
      case .separableConvolution(var separable):
        separable.inputActivation = newValue
        self = .separableConvolution(separable)
      default: break
      }
    }
  }

  /// The position among the parameters of the kernel whose last axis is the output channels; its bias follows it.
  /// Nil for steps without one.
  var kernelPosition: Int? {
    switch self {
    case .convolution, .dense: 0
    case .separableConvolution(let separable): separable.hasDepthwiseBias ? 2 : 1
    default: nil
    }
  }

  /// Whether a bias follows that kernel.
  var hasBias: Bool {
    get {
      switch self {
      case .convolution(let convolution): convolution.hasBias
      case .separableConvolution(let separable): separable.hasBias
      case .dense(let dense): dense.hasBias
      default: false
      }
    }
    set {
      switch self {
      case .convolution(var convolution):
        convolution.hasBias = newValue
        self = .convolution(convolution)
      case .separableConvolution(var separable):
        separable.hasBias = newValue
        self = .separableConvolution(separable)
      case .dense(var dense):
        dense.hasBias = newValue
        self = .dense(dense)
      default: break
      }
    }
  }
}

extension Window {
  /// Whether it reads each position of a feature map alone, all of them, and nothing outside: a window of 1x1 with
  /// stride 1 and no padding.
  func isTrivial(on shape: Shape) -> Bool {
    guard case .map(let height, let width, _) = shape, size == Extent(1), stride == Extent(1) else { return false }
    let input = Extent(height: height, width: width)
    return placement(on: input)?.output == input  // Any padding would add positions.
  }
}
