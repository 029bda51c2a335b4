import ModelGraph

extension OperationSample {
  /// Every operation but the input and the constant.
  package static let all = products + poolsAndNormalizations + moves + several

  private static let products = [
    OperationSample(
      .convolution(Convolution(window: Window(size: Extent(3)), outputChannels: 8, groups: 4, hasBias: true)),
      gives: .map(height: 6, width: 7, channels: 8),
      refused: [
        (
          .convolution(Convolution(window: Window(size: Extent(1)), outputChannels: 8, groups: 3)),
          "3 groups do not divide 20 input and 8 output channels"
        )
      ]),
    OperationSample(
      .separableConvolution(
        SeparableConvolution(
          window: Window(size: Extent(3), stride: Extent(2)), outputChannels: 8, hasDepthwiseBias: true, hasBias: true)),
      gives: .map(height: 3, width: 4, channels: 8)),
    OperationSample(
      .transposedConvolution(transposed(padding: 0, extra: 0, outputs: 9)),
      gives: .map(height: 13, width: 15, channels: 9),
      refused: [
        (
          .transposedConvolution(transposed(padding: 40, extra: 0, outputs: 9)),
          "its padding leaves nothing of the output"
        )
      ],
      // torch.nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=1)
      example: Example(
        operation: .transposedConvolution(transposed(padding: 1, extra: 1, outputs: 1)),
        input: .map(height: 2, width: 2, channels: 1), values: [1, -2, 3, 4],
        weights: [[1, 2, 3, 4, 5, 6, 7, 8, 9], [0.5]],
        output: [
          5.5, -1.5, -9.5, -11.5, 14.5, 8.5, -7.5, -5.5, 15.5, 34.5, 20.5, 24.5, 24.5, 55.5, 32.5, 36.5,
        ])),
    OperationSample(
      .dense(Dense(outputs: 5)), of: .vector(20), gives: .vector(5),
      refused: [(.dense(Dense(outputs: 0)), "0 outputs, expected 1 to 1073741824")]),
  ]

  private static func transposed(padding: Int, extra: Int, outputs: Int) -> TransposedConvolution {
    TransposedConvolution(
      size: Extent(3), stride: Extent(2),
      padding: .init(top: padding, left: padding, bottom: padding, right: padding), extra: Extent(extra),
      outputChannels: outputs, hasBias: true)
  }

  private static let poolsAndNormalizations = [
    OperationSample(
      .maxPool(Window(size: Extent(3), stride: Extent(2))), gives: .map(height: 3, width: 4, channels: 20)),
    OperationSample(.averagePool(AveragePool(window: Window(size: Extent(3))))),
    OperationSample(.globalPool(GlobalPool(.average)), gives: .vector(20)),
    OperationSample(
      .globalPool(GlobalPool(.maximum, keepsDimensions: true)), gives: .map(height: 1, width: 1, channels: 20)),
    OperationSample(
      .batchNormalization(BatchNormalization()),
      refused: [
        (.batchNormalization(BatchNormalization(epsilon: -1)), "epsilon is -1.0, expected 0 or a positive number")
      ]),
    OperationSample(
      .layerNormalization(LayerNormalization()),
      refused: [
        (.layerNormalization(LayerNormalization(epsilon: -1)), "epsilon is -1.0, expected 0 or a positive number")
      ]),
    OperationSample(.unitNormalization),
    OperationSample(.softmax),
    // keras.ops.log_softmax, keras.ops.sparsemax
    OperationSample(
      .logSoftmax,
      example: Example(
        operation: .logSoftmax, input: .map(height: 1, width: 2, channels: 4),
        values: [0.5, 0.25, -1, 0.125, 0.125, -0.25, -0.5, -2],
        output: [
          -0.9892512559890747, -1.2392512559890747, -2.489251136779785, -1.3642512559890747, -0.8509982228279114,
          -1.2259981632232666, -1.4759981632232666, -2.9759981632232666,
        ])),
    OperationSample(
      .sparsemax,
      example: Example(
        operation: .sparsemax, input: .map(height: 1, width: 2, channels: 4),
        values: [0.5, 0.25, -1, 0.125, 0.125, -0.25, -0.5, -2],
        output: [0.125, 0, 0, 0, 0.6666666865348816, 0.2916666865348816, 0.04166668653488159, 0])),
    OperationSample(.activation(.elu(alpha: 0.5))),
    OperationSample(.parametricRelu),
  ]

  private static let moves = [
    OperationSample(.flatten, gives: .vector(840)),
    OperationSample(
      .reshape(.map(height: 7, width: 6, channels: 20)), gives: .map(height: 7, width: 6, channels: 20),
      refused: [(.reshape(.vector(839)), "reshapes 6x7x20, 840 values, to 839")]),
    OperationSample(
      .pad(Pad(top: 1, left: 0, bottom: 2, right: 1)), gives: .map(height: 9, width: 8, channels: 20),
      refused: [(.pad(Pad(top: -1, left: 0, bottom: 0, right: 0)), "pads by -1, 0, 0, 0, expected 0 to 4096 each")]),
    OperationSample(
      .slice(slice(rows: 4)), gives: .map(height: 4, width: 5, channels: 15),
      refused: [(.slice(slice(rows: 6)), "keeps 6 rows from 1 on, of 6")]),
    OperationSample(
      .shuffleChannels(groups: 4), refused: [(.shuffleChannels(groups: 3), "3 groups do not divide 20 channels")],
      // torch.nn.ChannelShuffle(2)
      example: Example(
        operation: .shuffleChannels(groups: 2), input: .vector(6), values: [0, 1, 2, 3, 4, 5],
        output: [0, 3, 1, 4, 2, 5])),
    OperationSample(
      .resize(Resize(.size(Extent(height: 5, width: 9)), filter: .nearest)),
      gives: .map(height: 5, width: 9, channels: 20)),
    OperationSample(
      .resize(Resize(.factor(Extent(2)), filter: .bilinear)), gives: .map(height: 12, width: 14, channels: 20),
      refused: [
        (
          .resize(Resize(.size(Extent(height: 0, width: 1)), filter: .nearest)),
          "resizes to 0x1, expected 1 to 1073741824 a side"
        )
      ]),
    resized(
      .bicubic, Extent(height: 5, width: 3),
      [
        0.6261078715324402, 0.24055927991867065, 4.051472187042236, 0.6192723512649536, 0.25607001781463623,
        3.5664889812469482, 0.2959732413291931, 0.375, 2.475905656814575, -1.5143059492111206, 0.9280306696891785,
        0.38235175609588623, -2.682133197784424, 1.2824747562408447, -0.8857232928276062,
      ]),
    resized(
      .lanczos3, Extent(height: 5, width: 3),
      [
        0.40478983521461487, -0.05495905876159668, 4.129615306854248, 0.6522139310836792, -0.1259440779685974,
        3.9058985710144043, 0.21383586525917053, 0.21428561210632324, 2.554070234298706, -1.5812838077545166,
        1.2147115468978882, 0.22028976678848267, -2.6982996463775635, 1.8076684474945068, -0.990951418876648,
      ]),
    resized(
      .lanczos5, Extent(height: 2, width: 7),
      [
        1.8992035388946533, -0.0633758157491684, -1.9880647659301758, -0.4346967935562134, 3.3308839797973633,
        4.271625518798828, 3.8665218353271484, -2.9551053047180176, -1.331089735031128, 0.9207838177680969,
        1.7155380249023438, 0.2830876111984253, -0.3498901426792145, -0.29390618205070496,
      ]),
  ]

  /// keras.ops.image.resize(x, size, interpolation=filter)
  private static func resized(_ filter: Resize.Filter, _ size: Extent, _ values: [Float]) -> OperationSample {
    OperationSample(
      .resize(Resize(.size(Extent(height: 5, width: 9)), filter: filter)),
      gives: .map(height: 5, width: 9, channels: 20),
      example: Example(
        operation: .resize(Resize(.size(size), filter: filter)), input: .map(height: 3, width: 4, channels: 1),
        values: [1, -2, 3, 4, 0.5, -1, 2, 2.5, -3, 1.5, 0.25, -0.75], output: values))
  }

  private static func slice(rows: Int) -> Slice {
    Slice(
      rows: .init(first: 1, count: rows), columns: .init(first: 1, count: 5), channels: .init(first: 3, count: 15))
  }

  private static let several = [
    OperationSample(.add, times: 3),
    OperationSample(.concatenate, times: 2, gives: .map(height: 6, width: 7, channels: 40)),
    OperationSample(.binary(.product), times: 2),
  ]
}
