import CommandSupport
import ModelGraph
import WeightFormat
import Xception

/// What a weights file holds, for people and for programs.
struct FileDescription: Encodable {
  struct Section: Encodable {
    var name: String
    var offset: Int
    var bytes: Int
  }

  struct Tensor: Encodable {
    var name: String
    var type: String
    var dimensions: [Int]
    var storedBytes: Int
    var bytes: Int
  }

  struct Resizing: Encodable {
    var filter: String
    var antialias: Bool
    var cropShorterSide: Int?
    /// True or missing.
    var cropToAspectRatio: Bool?
    var pad: String?
    var channelOrder: String
    var divisor: Float
    var mean: [Float]
    var standardDeviation: [Float]
  }

  struct Golden: Encodable {
    var precision: String
    /// Null where an output is not a number.
    var difference: Float?
    var tolerance: Float
    var passed: Bool
  }

  var architecture: String
  var input: [Int]
  var output: [Int]
  var outputKind: String
  /// What the classes are to each other.
  var kind: Classifier.Kind
  var parameters: Int
  var multiplyAdds: Int
  /// What the network computes in unless another precision is asked for.
  var precision: String
  var nodes: Int
  var version: Int
  var requiredFeatures: UInt32
  var optionalFeatures: UInt32
  var profile: String
  var fileBytes: Int
  var storedWeightBytes: Int
  var weightBytes: Int
  var preprocessing: Resizing
  /// What the converter had to assume, a sentence each.
  var assumptions: [String]
  var labels: [String]
  var converter: String
  var sourceFile: String?
  var sourceSHA256: String?
  var license: String?
  var attribution: String?
  var hasGoldenCheck: Bool
  var sections: [Section]
  var tensors: [Tensor]
  /// In fp32.
  var goldenCheck: Golden?
  /// In fp32, and in the precision of the weights where that is another.
  var goldenChecks: [Golden]?

  init(of file: WeightFile, verification: Verification?) {
    let graph = file.model.graph
    let metadata = file.model.metadata
    architecture = metadata.architecture
    input = graph.inputShape.dimensions
    output = graph.outputShape.dimensions
    outputKind = metadata.output.rawValue
    kind = Head(of: file.model).kind
    parameters = graph.parameterCount
    multiplyAdds = graph.multiplyAdds
    precision = graph.precision.rawValue
    nodes = graph.nodes.count
    version = file.version
    requiredFeatures = file.requiredFeatures.rawValue
    optionalFeatures = file.optionalFeatures
    profile = file.profile.rawValue
    preprocessing = Resizing(metadata.preprocessing)
    assumptions = metadata.assumptions
    labels = metadata.labels
    converter = metadata.converter
    sourceFile = metadata.source?.fileName
    sourceSHA256 = metadata.source?.hexadecimalDigest
    license = metadata.license
    attribution = metadata.attribution
    hasGoldenCheck = metadata.golden != nil
    sections = file.sections.map { Section(name: "\($0.kind)", offset: $0.offset, bytes: $0.length) }
    tensors = zip(graph.tensors, file.tensorSizes).map { tensor, sizes in
      Tensor(
        name: tensor.name, type: "\(tensor.elementType)", dimensions: tensor.dimensions,
        storedBytes: sizes.storedBytes, bytes: sizes.inflatedBytes)
    }
    fileBytes = file.fileBytes
    storedWeightBytes = tensors.reduce(0) { $0 + $1.storedBytes }
    weightBytes = tensors.reduce(0) { $0 + $1.bytes }
    goldenChecks = verification.map { ($0.outcomes ?? []).map(Golden.init) }
    goldenCheck = goldenChecks?.first
  }
}

extension FileDescription.Golden {
  init(_ outcome: GoldenCheck.Outcome) {
    precision = outcome.precision.rawValue
    difference = outcome.difference.isFinite ? outcome.difference : nil
    tolerance = outcome.tolerance
    passed = outcome.isPassed
  }
}

extension FileDescription.Resizing {
  init(_ preprocessing: Preprocessing) {
    filter = preprocessing.filter.rawValue
    antialias = preprocessing.antialias
    switch preprocessing.geometry {
    case .stretch: break
    case .centerCrop(let side): cropShorterSide = side
    case .cropToAspectRatio: cropToAspectRatio = true
    case .pad(let padding): pad = padding.rawValue
    }
    channelOrder = preprocessing.channelOrder.rawValue
    divisor = preprocessing.divisor
    mean = preprocessing.mean
    standardDeviation = preprocessing.standardDeviation
  }

  var description: String {
    let resize = "\(filter)\(antialias ? " with antialias" : "")"
    let crop =
      cropShorterSide.map { ", shorter side \($0), center crop" }
      ?? cropToAspectRatio.map { _ in ", cropped to the input's proportions" }
    let geometry = crop ?? pad.map { ", padded with black \($0) resizing" } ?? ", stretched"
    return "\(resize)\(geometry), \(channelOrder), (pixel / \(divisor) - \(mean)) / \(standardDeviation)"
  }
}
