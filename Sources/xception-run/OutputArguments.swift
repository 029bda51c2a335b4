import ArgumentParser

/// The options that say where results go.
struct OutputArguments: ParsableArguments {
  enum FileFormat { case jsonLines, csv }

  @Option(
    help: ArgumentHelp(
      """
      Write the results to this file as they come, JSON objects to one that ends in .jsonl and a table to one that ends in \
      .csv; a picture that cannot be classified has its error there.
      """, valueName: "file"), completion: .file(extensions: ["jsonl", "csv"]))
  var output: String?

  @Flag(
    help: """
      Go on with the --output file of a run that was ended: what is in it is not classified again, an incomplete last line \
      is cut off. The options must be those of that run.
      """)
  var resume = false

  @Flag(
    help: """
      With --resume: try pictures again that could not be classified; their lines are taken out first.
      """)
  var retryFailures = false

  @Flag(help: "Print on a terminal what is printed elsewhere, without bars.")
  var plain = false

  /// Nil where the file must not have results.
  var resumption: Resumption? { resume ? (retryFailures ? .retryFailures : .keepAll) : nil }

  var format: FileFormat? {
    guard let name = output?.lowercased() else { return nil }
    return name.hasSuffix(".jsonl") ? .jsonLines : name.hasSuffix(".csv") ? .csv : nil
  }

  func validate() throws {
    guard output != nil || !resume else { throw ValidationError("--resume needs --output") }
    guard resume || !retryFailures else { throw ValidationError("--retry-failures needs --resume") }
    if let output, format == nil {
      throw ValidationError("--output is \(output), expected a name that ends in .jsonl or .csv")
    }
  }
}
