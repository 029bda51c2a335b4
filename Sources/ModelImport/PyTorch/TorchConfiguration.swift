import ModelGraph

/// What `config.json` beside weights says (timm's and Hugging Face's): the architecture, the preprocessing, the classes.
struct TorchConfiguration {
  private(set) var architecture: String?
  private(set) var inputSize: Extent?
  private(set) var labels: [String] = []
  private var preprocessing: JSON?

  init(beside file: ForeignFile, limits: ImportLimits) throws(ImportError) {
    let path = file.folder + "config.json"
    guard let text = try? ForeignFile(path: path, limit: limits.configurationSize) else { return }
    let json = try JSONParser.parse(text.bytes.array)
    architecture = json["architecture"]?.string
    labels = Self.labels(json)
    preprocessing = json["pretrained_cfg"]
    if let size = preprocessing?["input_size"]?.array?.compactMap(\.int), size.count == 3, size.allSatisfy({ $0 > 0 }) {
      inputSize = Extent(height: size[1], width: size[2])
    }
  }

  /// timm's `label_names`, or Hugging Face's `id2label`.
  private static func labels(_ json: JSON) -> [String] {
    let lists = [json["label_names"], json["pretrained_cfg"]?["label_names"]]
    if let names = lists.compactMap({ $0?.array }).first { return names.compactMap(\.string) }
    guard case .object(let members)? = json["id2label"] else { return [] }
    let names = (0..<members.count).compactMap { members["\($0)"]?.string }
    return names.count == members.count ? names : []
  }

  /// timm's: the shorter side is the input's over `crop_pct`, less its fraction.
  func preprocessing(size: Extent) -> Preprocessing? {
    guard let preprocessing, let mean = preprocessing["mean"]?.array?.compactMap(\.number),
      let deviation = preprocessing["std"]?.array?.compactMap(\.number), mean.count == 3, deviation.count == 3
    else { return nil }
    let fraction = preprocessing["crop_pct"]?.number ?? 0.875
    let largest = Double(max(size.height, size.width))
    let shorter = fraction > 0 && fraction <= 1 ? (largest / fraction).rounded(.down) : largest
    let isSquash = preprocessing["crop_mode"]?.string == "squash"
    return Preprocessing(
      filter: preprocessing["interpolation"]?.string == "bilinear" ? .bilinear : .bicubic, antialias: true,
      geometry: isSquash ? .stretch : .centerCrop(shorterSide: Int(min(shorter, Double(1 << 14)))), divisor: 255,
      mean: mean.map { Float($0) }, standardDeviation: deviation.map { Float($0) })
  }
}
