import CommandSupport
import PlainText
import Threads
import Xception

/// One run over pictures: as many are classified at once as there are threads, and the results come in their order.
struct PictureRun {
  let classifier: Classifier
  let format: ResultFormat
  /// Nil for all classes.
  let top: Int?
  /// Where results go; nil means standard output.
  let file: ResultsFile?
  var task = PictureTask.classify
  /// Where entries of pictures go.
  var page: ReportPage?

  /// The outcome of a picture.
  private struct Outcome: Sendable {
    var line: String?
    /// Of the report.
    var entry: String?
    var error: String?
    var durations: Classification.Durations?
  }

  /// - Parameters:
  ///   - threads: How many pictures are classified at once.
  ///   - progress: Shown meanwhile; it begins with what `file` has already.
  func run(
    _ names: consuming PictureNames, threads: Int, progress: inout RunProgress, report: inout TimingReport?
  ) throws {
    var names = names
    var finished = file?.finished ?? FinishedPictures()
    // Results wait for a picture that takes longer, such as one of 100 megapixels among small ones.
    try OrderedWork<PictureNames.Picture, Outcome>(window: 16 * threads).run(
      threads: threads,
      next: {
        while let picture = names.next() {
          if !finished.remove(picture.name) { return picture }
        }
        return nil
      },
      perform: outcome,
      deliver: { picture, outcome in
        try write(outcome, of: picture.name, progress: progress)
        progress.add(failed: outcome.error != nil)
        if let durations = outcome.durations { report?.add(durations) }
      })
    progress.leftOut = names.leftOut
    progress.clear()
  }

  private func outcome(of picture: PictureNames.Picture) -> Outcome {
    do {
      let source: ImageSource
      switch picture {
      case .file(let path): source = .path(path)
      case .standardInput: source = .descriptor(0)
      case .unreadable(let name, let reason): return failure(name, reason)
      }
      switch task {
      case .classify:
        let classification = try classifier.classification(of: source, top: top)
        return Outcome(
          line: try format.text(picture.name, classification, by: classifier), durations: classification.durations)
      case .heatmap(let file, let classIndex): return try outcome(of: picture, heatmap: file, of: classIndex)
      case .report(let classIndex): return try entry(of: picture, classIndex: classIndex)
      case .values(let layer):
        let summary = LayerSummary(layer: layer, values: try layer.values(for: source))
        return Outcome(line: try format.text(picture.name, summary))
      }
    } catch {
      return failure(picture.name, "\(error)")
    }
  }

  private func outcome(
    of picture: PictureNames.Picture, heatmap file: String, of classIndex: Int?
  ) throws -> Outcome {
    let bytes = try picture.bytes(limit: classifier.decoding.limits.bytes)
    let classification = try classifier.classification(of: .encoded(bytes), top: top, heatmaps: true)
    let progress = ProgressLine(isShown: true)
    defer { progress.clear() }
    let heatmap = try classification.heatmap(for: classIndex) { progress.show("making the heatmap", part: $0) }
    try heatmap.write(over: bytes, to: file)
    return Outcome(
      line: try format.text(picture.name, classification, by: classifier, heatmap: heatmap),
      durations: classification.durations)
  }

  /// A picture for the report; with a heatmap where that takes no further passes.
  private func entry(of picture: PictureNames.Picture, classIndex: Int?) throws -> Outcome {
    let bytes = try picture.bytes(limit: classifier.decoding.limits.bytes)
    let hasHeatmap = classifier.hasActivationMap
    let classification = try classifier.classification(of: .encoded(bytes), top: top, heatmaps: hasHeatmap)
    let heatmap = hasHeatmap ? try classification.heatmap(for: classIndex) : nil
    return Outcome(
      line: try format.text(picture.name, classification, by: classifier, heatmap: heatmap),
      entry: try ReportEntry.text(
        picture.name, classification, heatmap: heatmap, bytes: bytes, options: classifier.decoding),
      durations: classification.durations)
  }

  private func failure(_ name: String, _ error: String) -> Outcome {
    Outcome(
      line: try? format.text(name, error: error), entry: page.map { _ in ReportEntry.text(name, error: error) },
      error: error)
  }

  private func write(_ outcome: Outcome, of name: String, progress: RunProgress) throws {
    if let page, let entry = outcome.entry { try page.append(entry) }
    if let file {
      if let line = outcome.line { try file.append(line) }
      return
    }
    if let error = outcome.error {
      progress.clear()
      StandardError.print("xception-run: \(name.printable): \(error)")
    }
    if let line = outcome.line { try printAtOnce(line) }
  }
}
