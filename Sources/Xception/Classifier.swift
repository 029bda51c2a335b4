package import ImageInput
public import ModelGraph
import Optimizer
package import Runtime
import Threads
import WeightFormat

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// A network that is ready to classify images.
///
/// Load it once and use it from any number of tasks at once: it is immutable, and its results are bitwise the same for
/// any number of threads and callers.
public final class Classifier: Sendable {
  /// How a classifier is set up.
  public struct Options: Sendable {
    /// The most threads that one classification uses; nil means as many as this process may use.
    public var threads: Int?
    /// The instruction set of the kernels by name (`amx`, `avx512bf16`, `avx512vnni`, `avx512`, `avx2`, `portable`); nil means the
    /// one that the environment variable `XCEPTION_ISA` names, or else the best that this processor has.
    public var instructionSet: String?
    /// What the network computes in; nil means what its weights were stored for, so that results change only where that is
    /// asked for. For `int8`, weights that are not integers yet are quantized as the model is loaded.
    public var precision: Precision?
    /// Replaces the preprocessing that the model file states.
    public var preprocessing: Preprocessing?
    /// Whether a photo is turned upright as its EXIF orientation says.
    public var appliesOrientation: Bool

    public init(
      threads: Int? = nil, instructionSet: String? = nil, precision: Precision? = nil,
      preprocessing: Preprocessing? = nil, appliesOrientation: Bool = true
    ) {
      self.threads = threads
      self.instructionSet = instructionSet
      self.precision = precision
      self.preprocessing = preprocessing
      self.appliesOrientation = appliesOrientation
    }
  }

  /// The names of the classes in the order of the network's outputs; empty where the model file has none.
  public let labels: [String]
  /// How images become the network's input.
  public let preprocessing: Preprocessing
  /// The number of classes.
  public let classCount: Int
  /// What the network computes in.
  public var precision: Precision { executor.plan.precision }

  /// Where the time of loading went.
  package struct LoadingDurations: Sendable {
    /// Reading and checking the file's structure.
    package let open: Duration
    /// Rewriting the graph, and quantizing weights where int8 was asked for and they are not integers yet.
    package let optimize: Duration
    /// Inflating and packing the weights.
    package let plan: Duration
  }

  package let loadingDurations: LoadingDurations
  package let executor: Executor
  let output: Metadata.Output
  let preprocessor: Preprocessor
  let decoding: DecodingOptions

  /// Loads a weights file (.xcw).
  public convenience init(contentsOf url: URL, options: Options = Options()) throws(ClassifierError) {
    try self.init(contentsOfFile: url.path, options: options)
  }

  /// Loads the weights file (.xcw) at a path.
  public convenience init(contentsOfFile path: String, options: Options = Options()) throws(ClassifierError) {
    let clock = ContinuousClock()
    let start = clock.now
    let model = try Self.model(at: path)
    try self.init(model, named: path, openedIn: start.duration(to: clock.now), options: options)
  }

  /// Makes a model in memory ready.
  ///
  /// - Parameter name: What errors call it.
  package init(
    _ model: Model, named name: String, openedIn open: Duration = .zero, options: Options = Options()
  ) throws(ClassifierError) {
    if let threads = options.threads, threads < 1 { throw .argument("\(threads) threads, expected at least 1") }
    labels = model.metadata.labels
    output = model.metadata.output
    classCount = model.graph.outputShape.channels
    preprocessing = options.preprocessing ?? model.metadata.preprocessing
    decoding = DecodingOptions(appliesOrientation: options.appliesOrientation)
    do throws(PreprocessingError) {
      preprocessor = try Preprocessor(preprocessing: preprocessing, inputShape: model.graph.inputShape)
    } catch {
      throw .argument("\(error)")
    }
    let instructionSet = try options.kernels
    do {
      let clock = ContinuousClock()
      let start = clock.now
      let graph = try Optimizer.optimize(model.graph, for: options.precision)
      let optimized = clock.now
      let pool = WorkerPool.shared(threads: options.threads)
      let plan = try Plan(graph, instructionSet: instructionSet, precision: options.precision, pool: pool)
      executor = Executor(plan: plan, pool: pool)
      loadingDurations = LoadingDurations(
        open: open, optimize: start.duration(to: optimized), plan: optimized.duration(to: clock.now))
    } catch {
      throw .model("\(name): \(error)")
    }
  }

  /// The preprocessing that a weights file states; its weights are not loaded.
  public static func preprocessing(ofModelAt path: String) throws(ClassifierError) -> Preprocessing {
    try model(at: path).metadata.preprocessing
  }

  private static func model(at path: String) throws(ClassifierError) -> Model {
    do throws(WeightFormatError) {
      return try WeightFile(contentsOf: path).model
    } catch {
      throw .model(error.fault == .system ? "\(error)" : "\(path): \(error)")
    }
  }

  /// Classifies an image and returns the most probable classes in falling order.
  ///
  /// - Parameter top: How many classes; 0 means all.
  public func classify(_ image: ImageSource, top: Int = 5) throws(ClassifierError) -> [Prediction] {
    try classification(of: image, top: top).predictions
  }

  /// Classifies an image file (JPEG, PNG, PPM, PGM or PAM, recognized by content).
  public func classify(imageAt url: URL, top: Int = 5) throws(ClassifierError) -> [Prediction] {
    try classify(.file(url), top: top)
  }

  /// Classifies an image and returns all that one pass through the network says.
  ///
  /// - Parameter top: How many classes; 0 means all.
  public func classification(of image: ImageSource, top: Int = 5) throws(ClassifierError) -> Classification {
    try classification(of: image, top: top, cancellation: nil)
  }

  /// Classifies an image that is decoded already.
  package func classification(of image: Image, top: Int) throws(ClassifierError) -> Classification {
    try classification(top: top, cancellation: nil) { () throws(ImageError) in image }
  }

  /// Classifies the image file at a path that is taken as it is, as the command line gives it.
  package func classification(ofImageAtPath path: String, top: Int) throws(ClassifierError) -> Classification {
    try classification(top: top, cancellation: nil) { () throws(ImageError) in
      try Image(contentsOf: path, options: decoding)
    }
  }

  func classification(
    of source: ImageSource, top: Int, cancellation: Cancellation?
  ) throws(ClassifierError) -> Classification {
    try classification(top: top, cancellation: cancellation) { () throws(ImageError) in
      switch source {
      case .file(let url): try Image(contentsOf: url.path, options: decoding)
      case .encoded(let bytes): try Image(decoding: bytes, options: decoding)
      case .descriptor(let descriptor): try Image(readingFrom: descriptor, options: decoding)
      case .rgb(let pixels, let width, let height): try Image(width: width, height: height, pixels: pixels)
      }
    }
  }

  private func classification(
    top: Int, cancellation: Cancellation?, decode: () throws(ImageError) -> Image
  ) throws(ClassifierError) -> Classification {
    guard top >= 0 else { throw .argument("top is \(top), expected 0 (all classes) or more") }
    let clock = ContinuousClock()
    let start = clock.now
    let image: Image
    do { image = try decode() } catch { throw .image("\(error)") }
    let decoded = clock.now
    let input = preprocessor(image)
    let preprocessed = clock.now
    let (scores, features) = try run(input, cancellation: cancellation)
    return Classification(
      predictions: predictions(scores, top: top), features: features,
      durations: .init(
        decode: start.duration(to: decoded), preprocess: decoded.duration(to: preprocessed),
        inference: preprocessed.duration(to: clock.now)))
  }

  private func run(
    _ input: [Float], cancellation: Cancellation?
  ) throws(ClassifierError) -> (output: [Float], features: [Float]) {
    let result: (output: [Float], features: [Float])
    do throws(ExecutorError) {
      result = try executor.runWithFeatures(input, cancellation: cancellation)
    } catch .cancelled {
      throw .cancelled
    } catch {
      throw .model("\(error)")
    }
    if let index = result.output.firstIndex(where: { !$0.isFinite }) {
      throw .model("output value \(index) of the network is \(result.output[index]), expected a finite number")
    }
    return result
  }

  private func predictions(_ scores: [Float], top: Int) -> [Prediction] {
    let probabilities = output == .classLogits ? softmax(scores) : scores
    let ranking = probabilities.indices.sorted {
      (probabilities[$0], $1) > (probabilities[$1], $0)
    }
    return ranking.prefix(top == 0 ? ranking.count : top).map { index in
      Prediction(
        classIndex: index, label: index < labels.count ? labels[index] : nil, probability: probabilities[index])
    }
  }
}

extension Classifier.Options {
  /// The instruction set that is meant by its name.
  fileprivate var kernels: InstructionSet {
    get throws(ClassifierError) {
      do throws(UnsupportedInstructionSet) {
        return try InstructionSet(named: instructionSet ?? ProcessInfo.processInfo.environment["XCEPTION_ISA"])
      } catch {
        throw .argument("\(error)")
      }
    }
  }
}
