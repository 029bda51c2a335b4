import Evaluation
import ImageInput
import PlainText
import Xception

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The evaluation as a page of HTML that needs no other file: figures, the confusion matrix of exclusive classes as a
/// picture, and the worst mistakes with thumbnails, which can be filtered.
struct EvaluationPage {
  let text: String

  init(_ report: EvaluationReport, run: EvaluationRun, decoding: DecodingOptions) {
    let sections = zip(run.models, report.models).enumerated().map { index, pair in
      ModelSection(pair.0, report: pair.1, run: run, decoding: decoding, id: index).text
    }
    text = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>Evaluation of \(report.models.map(\.file).map(\.escapedForHTML).joined(separator: ", "))</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <h1>Evaluation</h1>
      <pre class="summary">\(report.text.escapedForHTML)</pre>
      \(sections.joined(separator: "\n"))
      <script>\(Self.script)</script>
      </body>
      </html>

      """
  }

  private static let style = """
    body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222 }
    pre { overflow-x: auto; background: #f6f6f6; padding: 1rem }
    svg.matrix { max-width: 44rem; width: 100%; height: auto; border: 1px solid #bbb }
    .mistakes { display: flex; flex-wrap: wrap; gap: .8rem; padding: 0; list-style: none }
    .mistakes li { width: 9.5rem } .mistakes li[hidden] { display: none }
    .mistakes img { width: 100%; height: 8rem; object-fit: contain; background: #eee; display: block }
    .mistakes small { overflow-wrap: anywhere; color: #666 }
    """

  private static let script = """
    for (const box of document.querySelectorAll("input.filter")) {
      box.addEventListener("input", () => {
        const wanted = box.value.toLowerCase();
        let shown = 0;
        for (const item of box.closest("section").querySelectorAll(".mistakes li")) {
          item.hidden = !item.textContent.toLowerCase().includes(wanted);
          if (!item.hidden) shown += 1;
        }
        box.closest("section").querySelector(".shown").textContent = shown;
      });
    }
    """
}

/// What a page says about one model.
private struct ModelSection {
  let text: String

  /// - Parameter id: Of the section among those of the page.
  init(_ model: EvaluatedModel, report: EvaluationReport.Model, run: EvaluationRun, decoding: DecodingOptions, id: Int)
  {
    let mistakes = Mistake.all(of: model).sorted { ($1.error, $0.picture) < ($0.error, $1.picture) }
    // 60 thumbnails keep a page below 2 MB.
    let items = mistakes.prefix(60).map { mistake in
      let entry = run.pictures.truth.entries[mistake.picture]
      let image = thumbnail(run.pictures.path(of: mistake.picture), decoding).map {
        "<img alt=\"\" src=\"data:image/png;base64,\($0)\">"
      }
      return "<li>\(image ?? "")\(mistake.text)<br><small>\(entry.picture.escapedForHTML)</small></li>"
    }
    var matrix = ""
    if case .classes(let evaluation, _) = model.findings {
      matrix = """
        <h3>Confusion matrix</h3>
        <p>A row for each class that pictures are of, a column for each that they were taken for; darker is a larger share of
        the row.</p>
        \(MatrixPicture(evaluation.matrix, names: model.className).text)

        """
    }
    text = """
      <section id="model\(id)">
      <h2>\(report.file.escapedForHTML)</h2>
      \(matrix)<h3>Worst mistakes</h3>
      <p><label>Filter <input class="filter" type="search" placeholder="class or file"></label>
      <span class="shown">\(items.count)</span> of \(mistakes.count) mistakes</p>
      <ul class="mistakes">
      \(items.joined(separator: "\n"))
      </ul>
      </section>
      """
  }
}

/// A picture that a model has wrong.
private struct Mistake {
  let picture: Int
  /// How far off the model was, between 0 and 1.
  let error: Float
  /// As HTML: what was said, and what is right.
  let text: String

  static func all(of model: EvaluatedModel) -> [Mistake] {
    func name(_ index: Int) -> String { "<b>\(model.className(index).escapedForHTML)</b>" }
    switch model.findings {
    case .classes(_, let answers):
      return answers.filter { !$0.answer.isCorrect }.map { picture, truth, answer in
        Mistake(
          picture: picture, error: answer.confidence - answer.truthProbability,
          text: "\(name(answer.predicted)) \(percent(Double(answer.confidence))), "
            + "is \(name(truth)) \(percent(Double(answer.truthProbability)))")
      }
    case .labels(let evaluation, let pictures):
      return pictures.enumerated().compactMap { index, picture in
        let truth = evaluation.truth(of: index)
        guard evaluation.predicted(of: index) != truth else { return nil }
        let worst = evaluation.worstError(of: index)
        let labels = truth.isEmpty ? "none" : truth.sorted().map(name).joined(separator: "; ")
        return Mistake(
          picture: picture, error: worst.error,
          text: "\(name(worst.label)) \(percent(Double(worst.score))), is \(labels)")
      }
    }
  }
}

/// A PNG of at most 128 pixels a side, as base64; nil where the picture has become unreadable.
private func thumbnail(_ path: String, _ options: DecodingOptions) -> String? {
  guard let image = try? Image(contentsOf: path, options: options).thumbnail(side: 128) else { return nil }
  return try? Data(image.png()).base64EncodedString()
}

/// A confusion matrix, a square for each pair of classes that occurred.
private struct MatrixPicture {
  let text: String

  init(_ matrix: ConfusionMatrix, names: (Int) -> String) {
    let shown = (0..<matrix.classCount).filter { matrix.support[$0] > 0 || matrix.predicted[$0] > 0 }
    let places = Dictionary(uniqueKeysWithValues: shown.enumerated().map { ($0.element, $0.offset) })
    let squares = matrix.counts.sorted { ($0.key.truth, $0.key.predicted) < ($1.key.truth, $1.key.predicted) }.map {
      pair, count in
      let share = Double(count) / Double(matrix.support[pair.truth])
      // Never white: a single picture among thousands is seen too.
      let opacity = (0.08 + 0.92 * share).rounded(decimals: 3)
      return """
        <rect x="\(places[pair.predicted] ?? 0)" y="\(places[pair.truth] ?? 0)" width="1" height="1" \
        fill="\(pair.truth == pair.predicted ? "#1b6e3c" : "#b3261e")" fill-opacity="\(opacity)">\
        <title>\(names(pair.truth).escapedForHTML) taken for \(names(pair.predicted).escapedForHTML): \(count) of \
        \(matrix.support[pair.truth])</title></rect>
        """
    }
    text = """
      <svg class="matrix" viewBox="0 0 \(shown.count) \(shown.count)" shape-rendering="crispEdges">
      \(squares.joined(separator: "\n"))
      </svg>
      """
  }
}
