internal import Runtime

extension Classification {
  /// Where in the picture the network sees a class.
  ///
  /// - Parameters:
  ///   - classIndex: The class; nil means the most probable one.
  ///   - progress: Told which part is done, 0 to 1, where that takes time: see ``Heatmap/Method-swift.enum/occlusion``.
  /// - Throws: `HeatmapError.notKept` unless the classification was made with `heatmaps: true`.
  public func heatmap(
    for classIndex: Int? = nil, progress: (_ part: Double) -> Void = { _ in }
  ) throws(HeatmapError) -> Heatmap {
    try heatmap(for: classIndex, cancellation: nil, progress: progress)
  }

  /// Where in the picture the network sees the class of a name.
  ///
  /// - Parameters:
  ///   - label: The name, as the model file has it.
  ///   - progress: Told which part is done, 0 to 1, where that takes time: see ``Heatmap/Method-swift.enum/occlusion``.
  /// - Throws: `HeatmapError.notKept` unless the classification was made with `heatmaps: true`.
  public func heatmap(
    for label: String, progress: (_ part: Double) -> Void = { _ in }
  ) throws(HeatmapError) -> Heatmap {
    guard let evidence else { throw .notKept }
    return try heatmap(for: evidence.classifier.classIndex(of: label), progress: progress)
  }

  /// Where in the picture the network sees a class, without blocking the caller's actor; stops soon after its task is
  /// cancelled.
  @concurrent
  public func heatmap(
    for classIndex: Int? = nil, progress: @Sendable (_ part: Double) -> Void = { _ in }
  ) async throws(HeatmapError) -> Heatmap {
    let cancellation = Cancellation()
    let result = await withTaskCancellationHandler {
      Result { () throws(HeatmapError) in
        try heatmap(for: classIndex, cancellation: cancellation, progress: progress)
      }
    } onCancel: {
      cancellation.cancel()
    }
    return try result.get()
  }

  /// Where in the picture the network sees the class of a name, without blocking the caller's actor; stops soon after its
  /// task is cancelled.
  @concurrent
  public func heatmap(
    for label: String, progress: @Sendable (_ part: Double) -> Void = { _ in }
  ) async throws(HeatmapError) -> Heatmap {
    guard let evidence else { throw .notKept }
    return try await heatmap(for: evidence.classifier.classIndex(of: label), progress: progress)
  }

  private func heatmap(
    for classIndex: Int?, cancellation: Cancellation?, progress: (Double) -> Void
  ) throws(HeatmapError) -> Heatmap {
    guard let evidence else { throw .notKept }
    let index = classIndex ?? predictions[0].classIndex
    guard probabilities.indices.contains(index) else {
      throw .noSuchClass(index, classCount: probabilities.count)
    }
    do throws(ClassifierError) {
      return try evidence.heatmap(for: index, cancellation: cancellation, progress: progress)
    } catch {
      throw .classifier(error)
    }
  }
}

/// What the heatmaps of a classification are made of.
struct Evidence: Sendable {
  enum Basis {
    /// The values of the map before the last pooling.
    case map([Float])
    /// The network's input, where it does not end in such a pooling.
    case input([Float])
  }

  let classifier: Classifier
  let basis: Basis

  func heatmap(
    for classIndex: Int, cancellation: Cancellation?, progress: (Double) -> Void
  ) throws(ClassifierError) -> Heatmap {
    let grid: Grid
    let method: Heatmap.Method
    switch basis {
    case .map(let values):
      grid = try classifier.activationMap(of: classIndex, values)
      method = .activationMap
    case .input(let values):
      grid = try Occlusion(classifier: classifier, input: values, classIndex: classIndex)
        .map(cancellation: cancellation, progress: progress)
      method = .occlusion
    }
    return Heatmap(
      grid.values, width: grid.width, height: grid.height, method: method, classIndex: classIndex,
      label: classifier.labels.indices.contains(classIndex) ? classifier.labels[classIndex] : nil,
      frame: classifier.frame)
  }

  /// Values of the cells of a grid over the input, rows from the top.
  struct Grid {
    var width: Int
    var height: Int
    var values: [Double]
  }
}
