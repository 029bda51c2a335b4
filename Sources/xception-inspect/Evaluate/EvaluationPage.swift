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
    let pairs = report.pairs.enumerated().map { PairSection($0.element, id: $0.offset).text }
    let sections = zip(run.models, report.models).enumerated().map { index, pair in
      ModelSection(pair.0, report: pair.1, run: run, decoding: decoding, id: index).text
    }
    text = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>Evaluation of \(report.models.map(\.title.escapedForHTML).joined(separator: ", "))</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <h1>Evaluation</h1>
      <pre class="summary">\(report.text.escapedForHTML)</pre>
      \((pairs + sections).joined(separator: "\n"))
      <script>\(Self.script)</script>
      </body>
      </html>

      """
  }

  private static let style = """
    body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222 }
    pre { overflow-x: auto; background: #f6f6f6; padding: 1rem }
    svg.matrix { max-width: min(44rem, 100%); width: 100%; height: auto; border: 1px solid #bbb }
    svg.matrix text { font: 12px system-ui, sans-serif; fill: #222 }
    .differences { border-collapse: collapse } .differences :is(td, th) { padding: .1rem .8rem .1rem 0; text-align: left }
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
        for (const item of box.closest("section").querySelectorAll(".entry")) {
          item.hidden = !item.textContent.toLowerCase().includes(wanted);
          if (!item.hidden) shown += 1;
        }
        box.closest("section").querySelector(".shown").textContent = shown;
      });
    }
    """
}

/// What a page says about two models: the pictures of which they say different things.
private struct PairSection {
  let text: String
  /// So many take 1 MB of the page.
  private static let limit = 5000

  /// - Parameter id: Of the section among those of pairs.
  init(_ pair: EvaluationReport.Pair, id: Int) {
    let shown = pair.differences.prefix(Self.limit)
    let rows = shown.map { difference in
      let cells = [difference.picture, difference.truth, difference.a, difference.b].map(\.orDash.escapedForHTML)
      return "<tr class=\"entry\">\((cells + [difference.right.text]).map { "<td>\($0)</td>" }.joined())</tr>"
    }
    text = """
      <section id="pair\(id)">
      <h2>A: \(pair.a.escapedForHTML), B: \(pair.b.escapedForHTML)</h2>
      <h3>Where they differ</h3>
      <p><label>Filter <input class="filter" type="search" placeholder="class or file"></label>
      <span class="shown">\(shown.count)</span> of \(pair.differences.count) pictures</p>
      <table class="differences">
      <tr><th>picture</th><th>is</th><th>A</th><th>B</th><th>right</th></tr>
      \(rows.joined(separator: "\n"))
      </table>
      </section>
      """
  }
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
      return "<li class=\"entry\">\(image ?? "")\(mistake.text)<br><small>\(entry.picture.escapedForHTML)</small></li>"
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
      <h2>\(report.title.escapedForHTML)</h2>
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
  guard let bytes = try? FileReading.bytes(ofFileAt: path, limit: options.limits.bytes),
    let image = try? Image(thumbnailOf: bytes, side: 128, options: options)
  else { return nil }
  return try? Data(image.png()).base64EncodedString()
}
