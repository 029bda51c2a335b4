import ModelGraph

extension ModelImporter {
  /// What the file knows of preprocessing, with what the options replace, and what had to be assumed.
  static func preprocessing(
    of foreign: ForeignModel, _ options: ImportOptions
  ) throws(ImportError) -> (Preprocessing, notes: [String]) {
    let channels = foreign.graph.inputShape.channels
    var note: String?
    var preprocessing: Preprocessing
    switch foreign.preprocessing {
    case .stated(let stated): preprocessing = stated
    case .scaled(_, let resizing):
      preprocessing = .unscaled(channels: channels)
      if let resizing {
        (preprocessing.filter, preprocessing.antialias) = (resizing.filter, resizing.antialias)
        preprocessing.geometry = resizing.geometry
      }
    case .recognized(let usual, let network):
      preprocessing = usual
      note =
        "the file says nothing of preprocessing; as its network is \(network), \(usual.scalingText) is assumed "
        + "(--preprocess changes it)"
    case .unknown:
      preprocessing = .keras
      note =
        "the file says nothing of preprocessing; pixel values of -1 to 1, x / 127.5 - 1, are assumed "
        + "(--preprocess changes it)"
    }
    if let given = options.preprocessing { preprocessing = given.preprocessing(for: foreign.graph.inputShape) }
    let assumed = preprocessing
    options.changePreprocessing(&preprocessing)
    if options.preprocessing != nil || preprocessing.scaling != assumed.scaling { note = nil }
    if case .scaled(_, let resizing) = foreign.preprocessing {
      if let given = options.preprocessing, given != .raw {
        note =
          "the model's own first layers scale its input once more, after what --preprocess \(given.rawValue) does"
          + " (--preprocess raw gives them pixels)"
      } else if resizing == nil, preprocessing == .unscaled(channels: channels), options.preprocessing == nil {
        note =
          "the file does not say how images are resized; nearest neighbor without a crop, as Keras's load_img, is assumed"
          + " (--filter, --antialias and --crop-shorter-side change it)"
      }
    }
    guard var result = preprocessing.replicated(channels: channels) else {
      throw .options(
        reason: "the preprocessing has values for \(preprocessing.mean.count) channels, the input has \(channels):"
          + " give as many with --mean and --std")
    }
    if case .scaled(let scaling, _) = foreign.preprocessing { result = result.then(scaling) }
    do throws(PreprocessingError) {
      try result.validateValues()
      try result.validateGeometry(inputShape: foreign.graph.inputShape)
    } catch {
      throw .options(reason: error.description)
    }
    return (result, [note, channelNote(channels)].compactMap(\.self))
  }

  /// How pictures fit an input with another number of them.
  private static func channelNote(_ channels: Int) -> String? {
    switch channels {
    case 3: nil
    case 1: "its input has one channel: pictures become gray as Pillow's convert(\"L\") makes them"
    case 4: "its input has four channels: red, green, blue and alpha, which is 255 where a picture has none"
    default: "its input has \(channels) channels, which no picture gives it: the commands cannot classify with it"
    }
  }
}

extension Preprocessing {
  /// How pixel values are scaled, whatever the geometry.
  fileprivate var scaling: [Float] { [divisor] + mean + standardDeviation + (channelOrder == .bgr ? [1] : [0]) }

  fileprivate var scalingText: String {
    let parts = divisor == 1 ? "x" : "x / \(divisor)"
    let means = mean.allSatisfy { $0 == 0 } ? "" : " - \(mean)"
    let deviations = standardDeviation.allSatisfy { $0 == 1 } ? "" : " / \(standardDeviation)"
    let formula = deviations.isEmpty ? parts + means : "(\(parts)\(means))\(deviations)"
    return formula + (channelOrder == .bgr ? " of BGR" : "")
  }
}
