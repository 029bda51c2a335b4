import ModelGraph

@testable import WeightFormat

extension Sample {
  /// A node of `laterOperations` whose operation is another.
  private static func replacing(_ name: String, _ node: String, with operation: Operation) -> Sample {
    Sample(name, .graph, .graph, of: .laterOperations) { $0.replace(node, with: operation) }
  }

  /// A node of `laterOperations` with an attribute that stands for nothing.
  private static func unknown(_ name: String, _ node: String, _ attribute: Int, _ value: UInt32) -> Sample {
    Sample(name, .value, .graph, of: .laterOperations) { try $0.setAttribute(attribute, of: node, to: value) }
  }

  /// A slice of a map; the columns are those of the sample.
  private static func slice(rows: (Int, Int), channels: (Int, Int)) -> Operation {
    .slice(
      Slice(
        rows: .init(first: rows.0, count: rows.1), columns: .init(first: 0, count: 2),
        channels: .init(first: channels.0, count: channels.1)))
  }

  private static func transposed(top: Int = 1, extra: Int = 1, stride: Int = 2) -> Operation {
    .transposedConvolution(
      TransposedConvolution(
        size: Extent(height: 3, width: 2), stride: Extent(height: stride, width: 1),
        dilation: Extent(height: 1, width: 2), padding: .init(top: top, left: 0, bottom: 2, right: 1),
        extra: Extent(height: extra, width: 0), outputChannels: 6, hasBias: true))
  }

  /// Faults of the operations and activations that revision 2 of the specification added.
  static let ofOperations: [Sample] = [
    Sample("parameter-second-nan", .number, .graph, of: .everyActivation) {
      try $0.setAttribute(2, of: "16 threshold", to: 0x7fc0_0000)
    },
    Sample("parameter-infinite", .number, .graph, of: .everyActivation) {
      try $0.setAttribute(1, of: "9 leaky relu", to: 0x7f80_0000)
    },
    Sample("clip-nan", .number, .graph, of: .everyActivation) {
      try $0.setAttribute(1, of: "15 clip", to: 0x7fc0_0000)
    },
    Sample("clip-reversed", .graph, .graph, of: .everyActivation) {
      $0.replace("15 clip", with: .activation(.clip(minimum: 1, maximum: -1)))
    },
    Sample("clip-to-infinity", .graph, .graph, of: .everyActivation) {
      $0.replace("15 clip", with: .activation(.clip(minimum: .infinity, maximum: .infinity)))
    },
    Sample("logarithm-fused", .graph, .graph, of: .everyActivation) {
      $0.replace(
        "dense", with: .dense(Dense(outputs: 2, hasBias: false, activation: .logarithm)))
    },
    Sample("constant-of-wrong-shape", .graph, .graph, of: .laterOperations) { $0.nodes[2].parameters = [0] },
    Sample("constant-with-input", .graph, .graph, of: .laterOperations) { $0.nodes[1].inputs = [0] },
    unknown("binary-unknown", "product", 0, 6),
    Sample("binary-shapes", .graph, .graph, of: .laterOperations) { file in
      file.nodes[2].shape = .map(height: 3, width: 1, channels: 1)
      file.nodes[2].operation = .constant(.map(height: 3, width: 1, channels: 1))
      file.records[1].dimensions = [3, 1, 1]
      file.blocks[1] = [[[1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3]]]
    },
    Sample("binary-of-one", .graph, .graph, of: .laterOperations) { $0.nodes[3].inputs = [0] },
    unknown("global-pool-unknown", "largest", 0, 2),
    unknown("global-pool-flag-2", "largest", 1, 2),
    unknown("global-average-of-two-codes", "squeezed", 1, 0),
    Sample("reshape-to-more", .graph, .graph, of: .laterOperations) { file in
      let node = file.nodes.firstIndex { $0.name == "reshaped" }!
      file.nodes[node].shape = .map(height: 1, width: 1, channels: 5)
    },
    replacing(
      "layer-epsilon-negative", "normal",
      with: .layerNormalization(LayerNormalization(epsilon: -1, hasGamma: false, hasBeta: false))),
    replacing("pad-too-wide", "padded", with: .pad(Pad(top: 4097, left: 0, bottom: 2, right: 3))),
    Sample("pad-nan", .number, .graph, of: .laterOperations) {
      try $0.setAttribute(4, of: "padded", to: 0x7fc0_0000)
    },
    replacing("slice-of-no-rows", "part", with: slice(rows: (1, 0), channels: (5, 1))),
    replacing("slice-beyond-channels", "part", with: slice(rows: (1, 3), channels: (5, 2))),
    replacing("slice-all-ones", "part", with: slice(rows: (Int(UInt32.max), Int(UInt32.max)), channels: (5, 1))),
    replacing("shuffle-of-no-groups", "shuffled", with: .shuffleChannels(groups: 0)),
    replacing("shuffle-uneven", "shuffled", with: .shuffleChannels(groups: 3)),
    unknown("resize-target-unknown", "enlarged", 0, 2),
    unknown("resize-filter-unknown", "enlarged", 3, 5),
    replacing(
      "resize-to-nothing", "resized", with: .resize(Resize(.size(Extent(height: 0, width: 7)), filter: .bilinear))),
    replacing(
      "resize-beyond-limit", "enlarged", with: .resize(Resize(.factor(Extent(1 << 30)), filter: .nearest))),
    replacing("transposed-leaves-nothing", "transposed", with: transposed(top: 40)),
    replacing("transposed-stride-zero", "transposed", with: transposed(stride: 0)),
    replacing("transposed-extra-too-large", "transposed", with: transposed(extra: 4097)),
    Sample("slope-of-wrong-shape", .graph, .graph, of: .laterOperations) { file in
      let node = file.nodes.firstIndex { $0.name == "parametric" }!
      file.nodes[node].parameters = [0]
    },
  ]
}
