import CommandSupport
import ImageInput
import PlainText
import Xception

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A page of HTML that needs no other file, with each picture, its heatmap and its likeliest classes. Pictures are added as
/// they are classified, some 100 KB each, and nothing of them is kept.
final class ReportPage {
  private let file: OutputFile

  /// - Parameter className: Of the class that heatmaps are of; nil for the likeliest of each picture.
  init(
    _ path: String, model: String, classifier: Classifier, className: String? = nil
  ) throws(OutputFileError) {
    file = try OutputFile(path)
    try file.append(Self.head(model: model, className: className, classifier))
  }

  /// Adds what `ReportEntry` made.
  func append(_ text: String) throws(OutputFileError) { try file.append(text) }

  /// Only then does the page take the place of an older one.
  ///
  /// - Parameter summary: Of the run.
  func finish(_ summary: String) throws(OutputFileError) {
    try file.append("</ul>\n<p class=\"summary\">\(summary.escapedForHTML)</p>\n</body>\n</html>\n")
    try file.finish()
  }

  private static func head(model: String, className: String?, _ classifier: Classifier) -> String {
    let seen = className.map { "the class \($0.escapedForHTML)" } ?? "its likeliest class"
    let why =
      classifier.hasActivationMap
      ? "Beside each picture is where the network sees \(seen): from black, nothing, to pale yellow, the most."
      : "There are no heatmaps: of this network each takes as long as classifying many pictures (--heatmap makes one)."
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>Pictures by \(model.escapedForHTML)</title>
      <style>\(style)</style>
      </head>
      <body>
      <h1>Pictures by \(model.escapedForHTML)</h1>
      <p>\(why)</p>
      <ul class="pictures">

      """
  }

  private static let style = """
    body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222 }
    .pictures { display: flex; flex-wrap: wrap; gap: 1.2rem; padding: 0; list-style: none }
    .pictures li { width: 21rem } .pictures h2 { font-size: 1em; margin: .3rem 0; overflow-wrap: anywhere }
    .shown { display: flex; gap: .4rem; align-items: flex-start } .shown img { max-width: 50% }
    table { border-spacing: .4rem 0 } td:first-child { text-align: right; white-space: nowrap }
    td:last-child { width: 5rem } .bar { background: #1b6e3c; height: .7rem } .error { color: #b3261e }
    """
}

/// One picture of a report.
enum ReportEntry {
  /// The longer side of pictures in the page.
  private static let side = 160

  /// - Parameter bytes: The picture's file.
  static func text(
    _ name: String, _ classification: Classification, heatmap: Heatmap?, bytes: [UInt8], options: DecodingOptions
  ) throws -> String {
    let image = try Image(thumbnailOf: bytes, side: side, options: options)
    let pictures = [("picture", image)] + (heatmap.map { [("heatmap", $0.drawn(over: image))] } ?? [])
    let shown = try pictures.map { kind, picture in
      let data = Data(try picture.png()).base64EncodedString()
      let of = kind == "heatmap" ? "heatmap of \(heatmap?.label ?? "the class")" : name.printable
      return """
        <img class="\(kind)" alt="\(of.escapedForHTML)" width="\(picture.width)" height="\(picture.height)" \
        src="data:image/png;base64,\(data)">
        """
    }
    let rows = classification.predictions.map { prediction in
      let width = (100 * min(max(Double(prediction.probability), 0), 1)).rounded(decimals: 1)
      return """
        <tr><td>\(prediction.percentage.drop { $0 == " " })</td><td>\(prediction.name.escapedForHTML)</td>\
        <td><div class="bar" style="width:\(width)%"></div></td></tr>
        """
    }
    return """
      <li><div class="shown">\(shown.joined())</div>
      <h2>\(name.escapedForHTML)</h2>
      <table>\(rows.joined(separator: "\n"))</table></li>

      """
  }

  static func text(_ name: String, error: String) -> String {
    """
    <li><h2>\(name.escapedForHTML)</h2>
    <p class="error">\(error.escapedForHTML)</p></li>

    """
  }
}
