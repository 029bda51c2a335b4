import ArgumentParser
import CommandSupport
import ModelGraph
import Optimizer
import Runtime
import WeightFormat

@main
struct XceptionInspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "xception-inspect",
    abstract: "Shows what is in a weights file.",
    discussion: "The exit code is 0 if all is well, 1 if the file is not valid or fails its check, 64 for wrong usage.",
    version: runtimeVersion)

  enum GraphStage: String, ExpressibleByArgument, CaseIterable {
    case before, after
  }

  @Argument(help: "The weights file (.xcw).") var file: String
  @Option(help: "Print the network, a line for each node, before or after optimization.") var graph: GraphStage?
  @Flag(help: "Read and check all weights, and run the golden check: a seeded input with its expected output.")
  var verify = false
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    guard !json || graph == nil else { throw ValidationError("--json and --graph exclude each other") }
  }

  func run() throws { try reportingErrors(as: "xception-inspect: \(file)", inspect) }

  private func inspect() throws {
    let weights = try WeightFile(contentsOf: file)
    if let graph {
      print(graph == .before ? weights.model.graph : try Optimizer.optimize(weights.model.graph))
    }
    let verification = try verify ? Verification(of: weights) : nil
    if json {
      print(try jsonLine(Summary(of: weights, verification: verification)))
    } else if graph == nil {
      print(Summary(of: weights, verification: nil).text())
    }
    if let verification, !json { print(verification.description) }
    if let verification, !verification.succeeded { throw ExitCode.failure }
  }
}
