package import ImageInput
package import ModelGraph
package import Runtime
internal import Threads
internal import WeightFormat

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
  /// The names of the classes in their order; empty where the model file has none.
  ///
  /// A yes/no classifier has the names of no and yes. If its file has only one name, that is the name of yes, and no is
  /// called "not" and that name.
  public let labels: [String]
  /// What the classes are to each other.
  public var kind: Kind { head.kind }
  /// The number of classes.
  public var classCount: Int { head.classCount }
  /// How images become the network's input.
  public let preprocessing: Preprocessing
  /// What the network computes in.
  public var precision: Precision { network.plan.precision }

  /// Where the time of loading went.
  package struct LoadingDurations: Sendable {
    /// Reading and checking the file's structure.
    package let open: Duration
    package let network: ReadyNetwork.Durations
  }

  package let loadingDurations: LoadingDurations
  package let network: ReadyNetwork
  let head: Head
  /// As the file has it; its weights are read where they are needed.
  let graph: Graph
  let options: Options
  /// 1, 3, or 4 with alpha.
  package var inputChannels: Int { graph.inputShape.channels }
  /// Whether the values may be features rather than scores of classes: none has a name, and no classifier makes them.
  package var mayGiveFeatures: Bool { labels.isEmpty && head.areLogits && graph.endsInFeatures }
  /// Whether heatmaps come from the last map.
  package let hasActivationMap: Bool
  private let lazyHead = Lock<PooledHead?>(nil)
  private let preprocessor: Preprocessor
  package let decoding: DecodingOptions
  /// What errors call the model.
  let name: String
  /// The calls that are decoding an image or running the network.
  private let calls = CallCount()

  /// Loads a weights file (.xcw).
  public convenience init(contentsOf url: URL, options: Options = Options()) throws(ClassifierError) {
    try self.init(contentsOfFile: url.path, options: options)
  }

  /// Loads the weights file (.xcw) at a path.
  public convenience init(contentsOfFile path: String, options: Options = Options()) throws(ClassifierError) {
    let clock = ContinuousClock()
    let start = clock.now
    let file = try Self.file(at: path)
    try self.init(file.model, of: file, named: path, openedIn: start.duration(to: clock.now), options: options)
  }

  /// Makes a model in memory ready.
  ///
  /// - Parameters:
  ///   - name: What errors call it: the path of its file.
  ///   - plan: How its kernels are chosen.
  package convenience init(
    _ model: Model, named name: String, options: Options = Options(), plan: PlanOptions = PlanOptions()
  ) throws(ClassifierError) {
    try self.init(model, of: nil, named: name, openedIn: .zero, options: options, plan: plan)
  }

  private init(
    _ model: Model, of file: WeightFile?, named name: String, openedIn open: Duration, options: Options,
    plan: PlanOptions = PlanOptions()
  ) throws(ClassifierError) {
    self.name = name
    let outputShape = model.graph.outputShape
    guard outputShape.elementCount == outputShape.channels else {
      throw .invalidModel(path: name, .outputIsMap(shape: outputShape.dimensions))
    }
    head = Head(of: model)
    graph = model.graph
    self.options = options
    labels = head.labels(model.metadata.labels)
    preprocessing = options.preprocessing ?? model.metadata.preprocessing
    decoding = options.decoding
    do throws(PreprocessingError) {
      preprocessor = try Preprocessor(preprocessing: preprocessing, inputShape: model.graph.inputShape)
    } catch {
      throw options.preprocessing == nil ? .invalidModel(path: name, .preprocessing(error)) : .preprocessing(error)
    }
    do throws(ReadyNetworkError) {
      let options = ReadyNetwork.Options(options, plan: plan)
      network =
        if let file { try ReadyNetwork(of: file, options: options) } else {
          try ReadyNetwork(model.graph, options: options)
        }
    } catch {
      throw ClassifierError(error, model: name)
    }
    hasActivationMap =
      PooledHead.canDifferentiate(graph) && network.plan.mapShape == graph.lastMap.map { model.graph.nodes[$0].shape }
    loadingDurations = LoadingDurations(open: open, network: network.durations)
  }

  /// The preprocessing that a weights file states; its weights are not loaded.
  public static func preprocessing(ofModelAt url: URL) throws(ClassifierError) -> Preprocessing {
    try preprocessing(ofModelAtPath: url.path)
  }

  /// The preprocessing that the weights file at a path states; its weights are not loaded.
  public static func preprocessing(ofModelAtPath path: String) throws(ClassifierError) -> Preprocessing {
    try file(at: path).model.metadata.preprocessing
  }

  private static func file(at path: String) throws(ClassifierError) -> WeightFile {
    do throws(WeightFormatError) {
      return try WeightFile(contentsOf: path)
    } catch {
      throw ClassifierError(.file(error), model: path)
    }
  }

  /// Classifies an image and returns the most probable classes in falling order.
  ///
  /// - Parameters:
  ///   - image: An image file, its contents, or pixels.
  ///   - top: How many classes, at least 1; nil means all.
  public func classify(_ image: ImageSource, top: Int? = 5) throws(ClassifierError) -> [Prediction] {
    try classification(of: image, top: top).predictions
  }

  /// Classifies an image file of any format that ``ImageSource`` lists, recognized by content.
  ///
  /// - Parameters:
  ///   - url: The image file.
  ///   - top: How many classes, at least 1; nil means all.
  public func classify(imageAt url: URL, top: Int? = 5) throws(ClassifierError) -> [Prediction] {
    try classify(.file(url), top: top)
  }

  /// Classifies an image and returns all that one pass through the network says.
  ///
  /// - Parameters:
  ///   - image: An image file, its contents, or pixels.
  ///   - top: How many classes are among the predictions, at least 1; nil means all.
  ///   - heatmaps: Whether the classification keeps what heatmaps of it are made of: the network's last map (for Xception
  ///     at 299 x 299 pixels 0.8 MB) or, where a heatmap needs more passes, its input (1.1 MB).
  public func classification(
    of image: ImageSource, top: Int? = 5, heatmaps: Bool = false
  ) throws(ClassifierError) -> Classification {
    try classification(of: image, top: top, heatmaps: heatmaps, cancellation: nil)
  }

  /// Classifies an image that is decoded already.
  package func classification(of image: Image, top: Int? = 5) throws(ClassifierError) -> Classification {
    try classification(top: top, heatmaps: false, cancellation: nil) {
      PreparedInput(values: preprocessor(image), decode: .zero)
    }
  }

  func classification(
    of source: ImageSource, top: Int?, heatmaps: Bool, cancellation: Cancellation?
  ) throws(ClassifierError) -> Classification {
    try classification(top: top, heatmaps: heatmaps, cancellation: cancellation) { () throws(ClassifierError) in
      try preparedInput(source)
    }
  }

  private func preparedInput(_ source: ImageSource) throws(ClassifierError) -> PreparedInput {
    do throws(ImageError) {
      return try input(source)
    } catch {
      throw .image(error, path: source.filePath)
    }
  }

  func values(of layer: Layer, for source: ImageSource) throws(ClassifierError) -> [Float] {
    let call = calls.begin()
    defer { calls.end(call) }
    let input = try preparedInput(source)
    do throws(ExecutorError) {
      return try layer.network.executor.run(input.values, threads: threadsOfCall)
    } catch {
      throw ClassifierError(error, model: name)
    }
  }

  /// The network's input, and how long reading and decoding the picture took.
  private struct PreparedInput {
    let values: [Float]
    let decode: Duration
  }

  /// A file is resized as it is decoded.
  private func input(_ source: ImageSource) throws(ImageError) -> PreparedInput {
    let clock = ContinuousClock()
    let start = clock.now
    let bytes: [UInt8]
    switch source {
    case .file(let url): bytes = try FileReading.bytes(ofFileAt: url.path, limit: decoding.limits.bytes)
    case .path(let path): bytes = try FileReading.bytes(ofFileAt: path, limit: decoding.limits.bytes)
    case .encoded(let encoded): bytes = encoded
    case .descriptor(let descriptor):
      bytes = try FileReading(descriptor: descriptor).bytes(limit: decoding.limits.bytes)
    case .rgb(let pixels, let width, let height):
      let image = try Image(width: width, height: height, pixels: pixels)
      return PreparedInput(values: preprocessor(image), decode: .zero)
    }
    let read = start.duration(to: clock.now)
    let (values, decoding) = try preprocessor.input(decoding: bytes, options: decoding)
    return PreparedInput(values: values, decode: read + decoding)
  }

  private func classification(
    top: Int?, heatmaps: Bool, cancellation: Cancellation?,
    prepare: () throws(ClassifierError) -> PreparedInput
  ) throws(ClassifierError) -> Classification {
    if let top, top < 1 { throw .invalidTop(top) }
    let call = calls.begin()
    defer { calls.end(call) }
    let clock = ContinuousClock()
    let start = clock.now
    let input = try prepare()
    let prepared = clock.now
    let (values, features, map) = try run(
      input.values, keepsMap: heatmaps && hasActivationMap, threads: threadsOfCall, cancellation: cancellation)
    let probabilities = head.probabilities(of: values)
    return Classification(
      predictions: predictions(probabilities, top: top), probabilities: probabilities, features: features,
      durations: .init(
        decode: input.decode, preprocess: start.duration(to: prepared) - input.decode,
        inference: prepared.duration(to: clock.now)),
      evidence: heatmaps
        ? Evidence(classifier: self, basis: hasActivationMap ? .map(map) : .input(input.values)) : nil)
  }

  /// Runs the network; the map is empty unless it is kept.
  func run(
    _ input: [Float], keepsMap: Bool, threads: Int, cancellation: Cancellation?
  ) throws(ClassifierError) -> (output: [Float], features: [Float], map: [Float]) {
    let result: (output: [Float], features: [Float], map: [Float])
    do throws(ExecutorError) {
      result = try network.executor.run(input, copiesMap: keepsMap, threads: threads, cancellation: cancellation)
    } catch {
      throw ClassifierError(error, model: name)
    }
    if let index = result.output.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(outputIndex: index, value: result.output[index])
    }
    if let index = result.features.firstIndex(where: { !$0.isFinite }) {
      throw .featureNotFinite(index: index, value: result.features[index])
    }
    return result
  }

  /// The layers behind the last pooling; their weights are read at the first call, and kept.
  func pooledHead() throws(ClassifierError) -> PooledHead {
    do {
      return try lazyHead.withLock { head in
        if let head { return head }
        let made = try PooledHead(of: graph)
        head = made
        return made
      }
    } catch {
      throw ClassifierError(ModelError(error), model: name)
    }
  }

  /// How pictures become the input.
  var frame: Heatmap.Frame {
    Heatmap.Frame(
      geometry: preprocessing.geometry, height: preprocessor.height, width: preprocessor.width, decoding: decoding)
  }

  private var threadsOfCall: Int { network.threads(forEachOf: max(1, calls.value)) }

  private func predictions(_ probabilities: [Float], top: Int?) -> [Prediction] {
    let ranking = probabilities.indices.sorted {
      (probabilities[$0], $1) > (probabilities[$1], $0)
    }
    return ranking.prefix(top ?? ranking.count).map { index in
      Prediction(
        classIndex: index, label: index < labels.count ? labels[index] : nil, probability: probabilities[index])
    }
  }
}

extension ClassifierError {
  fileprivate init(_ error: ModelError, model: String) {
    self =
      switch error {
      case .file(let error) where error.fault == .system: .unreadableModel(path: model, error)
      default: .invalidModel(path: model, error)
      }
  }

  fileprivate init(_ error: ExecutorError, model: String) {
    self =
      switch error {
      case .cancelled: .cancelled
      case .outOfMemory(let error): .outOfMemory(byteCount: error.byteCount)
      case .count: ClassifierError(ModelError(error), model: model)
      }
  }

  init(_ error: ReadyNetworkError, model: String) {
    self =
      switch error {
      case .threadCount(let count): .invalidThreadCount(count)
      case .instructionSet(let error):
        .unsupportedInstructionSet(error.name, supported: InstructionSet.supported.map(\.rawValue))
      case .model(let error): ClassifierError(error, model: model)
      case .outOfMemory(let error): .outOfMemory(byteCount: error.byteCount)
      }
  }
}
