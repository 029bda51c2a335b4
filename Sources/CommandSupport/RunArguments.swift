package import ArgumentParser
package import ModelGraph
internal import Runtime
package import Xception

/// The `--precision` option of the commands that run a network.
package enum PrecisionArgument: String, CaseIterable, ExpressibleByArgument {
  case auto, fp32, bf16, int8

  /// Nil for `auto`, which is that of the model's weights.
  package var precision: Precision? { Precision(rawValue: rawValue) }

  package static let help: ArgumentHelp = """
    What the network computes in; auto is what its weights were stored for. For int8, weights that are not integers yet \
    are quantized as the model is loaded.
    """
}

/// The options that say what part of the machine runs a network, and how.
package struct MachineArguments: ParsableArguments {
  /// What products of bf16 networks multiply.
  package enum Products: String, CaseIterable, ExpressibleByArgument {
    case auto, bf16, fp32
  }

  @Option(help: "The most threads that a call uses; by default as many as this process may use.")
  package var threads: Int?

  @Option(
    help: """
      The instruction set of the kernels: \(InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")). By default \
      the one that the environment variable XCEPTION_ISA names, or else the best that this processor has.
      """)
  package var isa: String?

  @Option(
    help: """
      What products multiply in bf16: bf16 numbers, where the instruction set can, or fp32 numbers, for which the \
      weights are widened; auto takes what is fastest on this processor, which may also be 16-bit integers.
      """)
  package var bf16Products = Products.auto

  package init() {}

  package func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected at least 1") }
  }

  /// The options of a classifier that computes in a precision.
  package func options(_ precision: PrecisionArgument) -> Classifier.Options {
    Classifier.Options(
      threads: threads, instructionSet: isa, precision: precision.precision,
      bfloat16Products: bf16Products == .auto ? nil : bf16Products == .bf16)
  }
}

/// The options that say how a network is run, shared by the commands that run one.
package struct RunArguments: ParsableArguments {
  @Option(help: PrecisionArgument.help)
  package var precision = PrecisionArgument.auto

  @OptionGroup package var machine: MachineArguments

  package init() {}

  package var options: Classifier.Options { machine.options(precision) }
}
