import ModelGraph

extension ModelImporter {
  /// What the file knows of preprocessing, with what the options replace, and what had to be assumed.
  static func preprocessing(
    of foreign: ForeignModel, _ options: ImportOptions
  ) throws(ImportError) -> (Preprocessing, notes: [String]) {
    let channels = foreign.graph.inputShape.channels
    let change = options.preprocessingChange
    var preprocessing: Preprocessing
    switch foreign.preprocessing {
    case .stated(let stated): preprocessing = stated
    case .scaled: preprocessing = .unscaled(channels: channels)
    case .recognized(let usual, _): preprocessing = usual
    // Who states a number of the scaling means that no other changes the values.
    case .unknown: preprocessing = change.changesScaling ? .unscaled(channels: channels) : .keras
    }
    if let given = options.preprocessing { preprocessing = given.preprocessing(for: foreign.graph.inputShape) }
    // A layer of the model's own, which only what is said of resizing alone replaces.
    if case .scaled(_, let resizing?) = foreign.preprocessing {
      (preprocessing.filter, preprocessing.antialias) = (resizing.filter, resizing.antialias)
      preprocessing.geometry = resizing.geometry
    }
    change.apply(to: &preprocessing)
    let notes = [
      scalingNote(preprocessing, foreign.preprocessing, options),
      resizingNote(preprocessing, foreign.preprocessing, options), channelNote(channels),
    ]
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
    return (result, notes.compactMap(\.self))
  }

  /// What is assumed of how values are scaled, or done twice.
  private static func scalingNote(
    _ preprocessing: Preprocessing, _ known: KnownPreprocessing, _ options: ImportOptions
  ) -> String? {
    let change = options.preprocessingChange
    let network: String
    switch known {
    case .stated: return nil
    case .scaled:
      guard let given = options.preprocessing, given != .raw else { return nil }
      return "the model's own first layers scale its input once more, after what --preprocess \(given.rawValue) does"
        + " (--preprocess raw gives them pixels)"
    case .recognized(_, let name): network = "as its network is \(name), "
    case .unknown: network = ""
    }
    let isStated = change.statesScaling && (change.channelOrder != nil || preprocessing.channelOrder == .rgb)
    guard options.preprocessing == nil, !isStated else { return nil }
    let partly = change.changesScaling || change.channelOrder != nil ? "where nothing is stated, " : ""
    return "the file says nothing of preprocessing; \(partly)\(network)\(preprocessing.scalingText) is assumed "
      + "(--preprocess changes it)"
  }

  private static func resizingNote(
    _ preprocessing: Preprocessing, _ known: KnownPreprocessing, _ options: ImportOptions
  ) -> String? {
    switch known {
    case .stated, .scaled(_, .some): return nil
    case .scaled(_, nil), .recognized, .unknown: break
    }
    guard options.preprocessing == nil, !options.preprocessingChange.statesResizing else { return nil }
    return "the file does not say how images are resized; \(preprocessing.resizingText) is assumed"
      + " (--filter, --antialias, --crop-shorter-side, --crop-to-aspect-ratio and --pad change it)"
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
  fileprivate var scalingText: String {
    func text(_ values: [Float]) -> String { Set(values).count == 1 ? number(values[0]) : "\(values)" }
    func number(_ value: Float) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }
    let parts = divisor == 1 ? "x" : "x / \(number(divisor))"
    let means = mean.allSatisfy { $0 == 0 } ? "" : " - \(text(mean))"
    let deviations = standardDeviation.allSatisfy { $0 == 1 } ? "" : " / \(text(standardDeviation))"
    let formula = deviations.isEmpty ? parts + means : "(\(parts)\(means))\(deviations)"
    return formula + (channelOrder == .bgr ? " of BGR" : "")
  }

  fileprivate var resizingText: String {
    let filterText =
      switch filter {
      case .nearest: "nearest neighbor"
      case .tensorFlowNearest: "TensorFlow's nearest neighbor"
      case .area: "area"
      case .bilinear, .bicubic, .lanczos3, .lanczos5: filter.rawValue + (antialias ? " with antialiasing" : "")
      }
    return switch geometry {
    case .stretch: filterText + " without a crop" + (filter == .nearest ? ", as Keras's load_img," : "")
    case .centerCrop(let shorterSide): filterText + ", the center of a shorter side of \(shorterSide),"
    case .cropToAspectRatio: filterText + ", the part in the middle that has the input's proportions,"
    case .pad(let padding): filterText + ", padded with black \(padding.rawValue) resizing,"
    }
  }
}
