@_exported public import XceptionTypes

/// Everything a weights file says: the network as it was trained, and what is needed to use it.
package struct Model: Sendable {
  package var graph: Graph
  package var metadata: Metadata

  package init(graph: Graph, metadata: Metadata) {
    self.graph = graph
    self.metadata = metadata
  }
}

package struct Metadata: Hashable, Sendable {
  /// What the last values of the graph are.
  ///
  /// One class alone is a yes/no classifier: the value is the probability of yes, or its logit (a sigmoid gives the
  /// probability), and where there are names there are two, of no and of yes.
  package enum Output: String, Hashable, Sendable, CaseIterable {
    /// Unnormalized scores of exclusive classes; a softmax turns them into probabilities.
    case classLogits = "logits"
    /// Probabilities of exclusive classes, which add up to 1.
    case classProbabilities = "probabilities"
    /// Unnormalized scores of independent labels; a sigmoid turns each into a probability.
    case labelLogits = "label-logits"
    /// Probabilities of independent labels, each from 0 to 1.
    case labelProbabilities = "label-probabilities"
  }

  /// The file that the weights came from.
  package struct Source: Hashable, Sendable {
    /// Its name, without a folder.
    package var fileName: String
    /// 32 bytes.
    package var sha256: [UInt8]

    package init(fileName: String, sha256: [UInt8]) {
      self.fileName = fileName
      self.sha256 = sha256
    }
  }

  /// The expected output for an input that `Golden.input(seed:count:)` makes.
  package struct Golden: Hashable, Sendable {
    package var seed: UInt64
    package var output: [Float]
    /// The largest absolute difference allowed.
    package var tolerance: Float

    package init(seed: UInt64, output: [Float], tolerance: Float) {
      self.seed = seed
      self.output = output
      self.tolerance = tolerance
    }
  }

  package var architecture: String
  package var preprocessing: Preprocessing
  /// One for each output value, or none; of one value alone also two, of no and of yes.
  package var labels: [String]
  package var output: Output
  /// The program that wrote the file, with its version.
  package var converter: String
  package var source: Source?
  package var license: String?
  package var attribution: String?
  package var golden: Golden?
  /// What the converter had to assume, a sentence each: mostly about preprocessing, where the model says nothing.
  package var assumptions: [String]

  package init(
    architecture: String, preprocessing: Preprocessing, labels: [String] = [], output: Output, converter: String,
    source: Source? = nil, license: String? = nil, attribution: String? = nil, golden: Golden? = nil,
    assumptions: [String] = []
  ) {
    self.architecture = architecture
    self.preprocessing = preprocessing
    self.labels = labels
    self.output = output
    self.converter = converter
    self.source = source
    self.license = license
    self.attribution = attribution
    self.golden = golden
    self.assumptions = assumptions
  }
}

extension Metadata.Golden {
  /// Values of -1 up to 1 from the SplitMix64 generator: each is the upper 24 bits of the next number, times 2^-23, minus 1.
  package static func input(seed: UInt64, count: Int) -> [Float] {
    var generator = SplitMix64(seed: seed)
    return (0..<count).map { _ in Float(generator.next() >> 40) * 0x1p-23 - 1 }
  }
}
