import ArgumentParser
import CommandSupport
import ModelGraph
import Optimizer
import PlainText
import WeightFormat

/// `xception-inspect show`
struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Shows what is in a weights file.")

  enum GraphStage: String, ExpressibleByArgument, CaseIterable {
    case before, after
  }

  @Argument(
    help: "The weights file (.xcw), or the name of an installed model.", completion: .file(extensions: ["xcw"]))
  var file: String
  @Option(help: "Print the network, a line for each node, before or after optimization.") var graph: GraphStage?
  @Flag(
    help: """
      Read and check all weights, and run the golden check, a seeded input whose output is known, in fp32 and in the \
      precision of the weights.
      """)
  var verify = false
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    guard !json || graph == nil else { throw ValidationError("--json and --graph cannot be used together") }
  }

  func run() throws { try reportingErrors(as: "xception-inspect: \(file.printable)", inspect) }

  private func inspect() throws {
    let weights = try WeightFile(contentsOf: InstalledModels().path(meantBy: file))
    if let graph {
      print(graph == .before ? weights.model.graph : try Optimizer.optimize(weights.model.graph))
    }
    let verification = try verify ? Verification(of: weights) : nil
    if json {
      print(try jsonLine(FileDescription(of: weights, verification: verification)))
    } else if graph == nil {
      print(FileDescription(of: weights, verification: nil).text())
    }
    if let verification, !json { print(verification.description) }
    if let verification, !verification.isPassed { throw ExitCode.failure }
  }
}
