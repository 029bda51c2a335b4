import CommandSupport
import PlainText
import Xception

/// What results are written as.
enum ResultFormat {
  /// For people: a line for each class, below the picture's name where there are several. Columns are those of the
  /// terminal, which bars fill; nil means no bars.
  case text(named: Bool, columns: Int?)
  /// An object on a line.
  case json(features: Bool)
  /// A record of a table with this many classes.
  case csv(classes: Int)

  /// What comes before the first result.
  var header: String? {
    if case .csv(let classes) = self { CSVResult.header(classes: classes) } else { nil }
  }

  func text(
    _ image: String, _ classification: Classification, by classifier: Classifier, heatmap: Heatmap? = nil
  ) throws -> String {
    switch self {
    case .text(let named, let columns):
      let lines = columns.map { ProbabilityBars(columns: $0).lines(classification.predictions) }
      return ((named ? [Self.title(image, columns: columns)] : []) + (lines ?? classification.predictions.map(\.line)))
        .joined(
          separator: "\n")
    case .json(let features):
      var result = JSONResult(image: image, classification, by: classifier, features: features)
      result.heatmap = heatmap.map(JSONResult.Map.init)
      return try jsonLine(result)
    case .csv: return CSVResult.line(image: image, classification.predictions)
    }
  }

  /// Of a layer's values.
  func text(_ image: String, _ summary: LayerSummary) throws -> String {
    switch self {
    case .text(let named, let columns): (named ? Self.title(image, columns: columns) + "\n" : "") + summary.text
    case .json: try jsonLine(summary.object(of: image))
    case .csv: preconditionFailure("a layer's values are no table")
    }
  }

  /// The line above a picture's results, no wider than the terminal: the end of a path tells pictures apart.
  private static func title(_ image: String, columns: Int?) -> String {
    columns.map { Terminal.cutStart(of: image.printable, to: $0) } ?? image.printable
  }

  /// Of an image that was not classified; nil where the message on standard error says it all.
  func text(_ image: String, error: String) throws -> String? {
    switch self {
    case .text: nil
    case .json: try jsonLine(JSONResult(image: image, error: error))
    case .csv(let classes): CSVResult.line(image: image, error: error, classes: classes)
    }
  }
}

extension Prediction {
  /// A right-aligned percentage with two decimals, and the class.
  var line: String { percentage + " " + name }

  var percentage: String {
    let text = (100 * min(max(Double(probability), 0), 1)).rounded(decimals: 2) + " %"
    return String(repeating: " ", count: max(0, 10 - text.count)) + text
  }

  var name: String { label ?? "class \(classIndex)" }
}
