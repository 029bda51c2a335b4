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

  /// The outcome of a picture.
  private struct Outcome: Sendable {
    var line: String?
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
      let classification = try classifier.classification(of: source, top: top)
      return Outcome(
        line: try format.text(picture.name, classification, by: classifier), durations: classification.durations)
    } catch {
      return failure(picture.name, "\(error)")
    }
  }

  private func failure(_ name: String, _ error: String) -> Outcome {
    Outcome(line: try? format.text(name, error: error), error: error)
  }

  private func write(_ outcome: Outcome, of name: String, progress: RunProgress) throws {
    if let file {
      if let line = outcome.line { try file.append(line) }
      return
    }
    if let error = outcome.error {
      progress.clear()
      StandardError.print("xception-run: \(name.printable): \(error)")
    }
    if let line = outcome.line {
      print(line)
      flushStandardOutput()
    }
  }
}
