import ArgumentParser

/// The options that ask why a picture is classified as it is.
struct ExplanationArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Write the picture to this PNG file with colors over it that show where the network sees the class, and the scale of \
      the colors below; with --json, the result has the values too. Of one picture.
      """, valueName: "file"), completion: .file(extensions: ["png"]))
  var heatmap: String?

  @Option(
    help: ArgumentHelp(
      """
      Write a page to this HTML file that shows the pictures with their classes and, where they take no further passes, \
      heatmaps, and needs no other file.
      """, valueName: "file"), completion: .file(extensions: ["html"]))
  var report: String?

  @Option(
    name: .customLong("class"),
    help: ArgumentHelp(
      "The class that heatmaps are of, its name or its number from 0; by default the likeliest.", valueName: "name"))
  var className: String?

  @Option(
    help: ArgumentHelp(
      """
      Instead of classes, tell the values of this layer: their range, mean and deviation, or with --json or an --output of \
      .jsonl all of them. The error for a name that no layer has lists the layers.
      """, valueName: "name"))
  var outputLayer: String?

  func validate() throws {
    let given = [
      heatmap.map { _ in "--heatmap" }, report.map { _ in "--report" }, outputLayer.map { _ in "--output-layer" },
    ]
    .compactMap(\.self)
    guard given.count <= 1 else {
      throw ValidationError("\(given.joined(separator: " and ")): expected one of them")
    }
    guard className == nil || heatmap != nil || report != nil else {
      throw ValidationError("--class needs --heatmap or --report")
    }
    if let heatmap, !heatmap.lowercased().hasSuffix(".png") {
      throw ValidationError("--heatmap is \(heatmap), expected a name that ends in .png")
    }
    if let report, !report.lowercased().hasSuffix(".html"), !report.lowercased().hasSuffix(".htm") {
      throw ValidationError("--report is \(report), expected a name that ends in .html")
    }
  }
}
