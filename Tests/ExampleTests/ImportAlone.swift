import Xception

// Who imports `Xception` alone can name its types and all their members: this compiles under MemberImportVisibility, which
// makes no member of a module visible that the file does not import.

func everyOption() -> Classifier.Options {
  var preprocessing = Preprocessing(
    filter: .bilinear, antialias: true, geometry: .centerCrop(shorterSide: 48), channelOrder: .bgr, divisor: 255,
    mean: [0.5, 0.5, 0.5], standardDeviation: [0.5, 0.5, 0.5])
  preprocessing.geometry = .stretch
  preprocessing.channelOrder = Preprocessing.keras.channelOrder
  var options = Classifier.Options(threads: 1, precision: .bfloat16, preprocessing: preprocessing)
  options.precision = Precision(rawValue: "int8")
  options.instructionSet = "portable"
  options.bfloat16Products = false
  options.decoding.limits.pixels = 1_000_000
  options.decoding.limits = DecodingOptions.Limits(width: 4096, height: 4096)
  options.decoding.alpha = .over(DecodingOptions.Color(red: 128, green: 128, blue: 128))
  options.decoding.appliesOrientation = false
  return options
}

func whatToDo(about error: ClassifierError) -> String {
  switch error {
  case .unreadableModel(let path, let error): "look for \(path): \(error.systemCode ?? 0)"
  case .invalidModel(let path, .file(let error)) where error.fault == .version: "update this program for \(path)"
  case .invalidModel(let path, .file(let error)): "copy \(path) again: \(error.what) at byte \(error.offset ?? 0)"
  case .invalidModel(_, .network(let error)): "look at \(error.node ?? "the graph"): \(error.reason)"
  case .invalidModel(_, .outputIsMap(let shape)): "no classifier: a map of \(shape)"
  case .invalidModel(_, .preprocessing(let error)): "convert again: \(error.property)"
  case .image(.exceedsLimit(let quantity, let found, let limit), _):
    "scale it down: \(quantity.rawValue) \(found) of \(limit)"
  case .image(.unsupported(let format, _, _, _), _): "no such \(format.rawValue)"
  case .image(let error, let path): "\(path ?? "the image"): \(error.description)"
  case .preprocessing(let error): "correct \(error.property): \(error.found), \(error.expected)"
  case .invalidThreadCount(let count): "not \(count) threads"
  case .unsupportedInstructionSet(_, let supported): "take \(supported[0])"
  case .invalidTop(let top): "not \(top) classes"
  case .unknownLayer(_, let known): "take \(known[0])"
  case .notFinite(let index, let value): "output \(index) is \(value)"
  case .featureNotFinite(let index, let value): "feature \(index) is \(value)"
  case .outOfMemory(let bytes): "close other programs: \(bytes)"
  case .cancelled: "nothing"
  }
}

func sumsToOne(_ classifier: Classifier) -> Bool {
  switch classifier.kind {
  case .exclusiveClasses, .yesNo: true
  case .independentLabels: false
  }
}
