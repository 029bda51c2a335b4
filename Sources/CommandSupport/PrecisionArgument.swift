package import ArgumentParser
package import ModelGraph

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
