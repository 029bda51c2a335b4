import ModelGraph

/// A network of a family that is known by name: what its weights' number tells, and how it was trained.
struct TorchVariant: Sendable {
  /// As the library names it.
  var name: String
  /// The number of values in all arrays except the last layer's, whose size depends on the classes, and those that
  /// inference does not need.
  var weightCount: Int
  /// The side of the images that it was trained with; nil is the family's.
  var side: Int?
  /// What the shorter side of a picture is resized to before that is cut out; nil is the family's rule.
  var shorterSide: Int?
  var filter: Preprocessing.Filter?
  /// Whether it takes pixels of -1 to 1 where its family takes ImageNet's mean and deviation.
  var isCentered = false

  init(
    _ name: String, _ weightCount: Int, side: Int? = nil, shorterSide: Int? = nil, filter: Preprocessing.Filter? = nil,
    isCentered: Bool = false
  ) {
    self.name = name
    self.weightCount = weightCount
    self.side = side
    self.shorterSide = shorterSide
    self.filter = filter
    self.isCentered = isCentered
  }

  /// The family's preprocessing with this network's own changes.
  func changed(_ usual: Preprocessing) -> Preprocessing {
    var result = usual
    if let shorterSide { result.geometry = .centerCrop(shorterSide: shorterSide) }
    if let filter { result.filter = filter }
    if isCentered {
      result.mean = [0.5, 0.5, 0.5]
      result.standardDeviation = [0.5, 0.5, 0.5]
    }
    return result
  }

  var key: String { Self.key(name) }

  /// A name without what libraries add to it: `timm/resnet50.a1_in1k` becomes `resnet50`.
  static func key(_ name: String) -> String {
    let last = name.split(separator: "/").last ?? ""
    return String(last.prefix { $0 != "." }).lowercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }
}
