import ModelGraph

/// What `config.json` beside weights says (timm's and Hugging Face's): the architecture, the preprocessing, the classes.
struct TorchConfiguration {
  private(set) var architecture: String?
  private(set) var inputSize: Extent?
  private(set) var labels: [String] = []
  private var preprocessing: JSON?
  private static let filters: [String: Preprocessing.Filter] = [
    "nearest": .nearest, "bilinear": .bilinear, "bicubic": .bicubic,
  ]

  init(beside file: ForeignFile, limits: ImportLimits) throws(ImportError) {
    let path = file.folder + "config.json"
    guard let text = try? ForeignFile(path: path, limit: limits.configurationSize) else { return }
    let json = try JSONParser.parse(text.bytes.array)
    preprocessing = json["pretrained_cfg"] ?? (json["mean"] == nil ? nil : json)
    architecture = json["architecture"]?.string ?? preprocessing?["architecture"]?.string
    labels = Self.labels(json)
    if preprocessing == nil { try readProcessor(in: file.folder, limits) }
    try check("global_pool", of: [json, preprocessing], is: ["avg", "fast", "fastavg", ""])
    try check("interpolation", of: [preprocessing], is: Array(Self.filters.keys).sorted())
    try check("crop_mode", of: [preprocessing], is: ["center", "squash"])
    if let size = preprocessing?["input_size"]?.array?.compactMap(\.int), size.count == 3, size.allSatisfy({ $0 > 0 }) {
      inputSize = Extent(height: size[1], width: size[2])
    }
  }

  /// Refuses what would be computed, or prepared, in another way than it says.
  private func check(_ name: String, of objects: [JSON?], is known: [String]) throws(ImportError) {
    for value in objects.compactMap({ $0?[name]?.string }) where !known.contains(value) {
      throw .model(
        reason: "the configuration beside the weights has the \(name) \"\(value)\", expected one of "
          + known.filter { !$0.isEmpty }.joined(separator: ", ") + "; change it there to convert all the same")
    }
  }

  /// Hugging Face's `preprocessor_config.json`, whose `size` is what is cut out, or the shorter side where `crop_size` is that.
  private mutating func readProcessor(in folder: String, _ limits: ImportLimits) throws(ImportError) {
    let path = folder + "preprocessor_config.json"
    guard let text = try? ForeignFile(path: path, limit: limits.configurationSize) else { return }
    let json = try JSONParser.parse(text.bytes.array)
    func side(_ value: JSON?) -> Int? {
      value?.int ?? value?["shortest_edge"]?.int ?? value?["height"]?.int
    }
    guard let mean = json["image_mean"], let deviation = json["image_std"], let size = side(json["size"]) else {
      return
    }
    let cropped = side(json["crop_size"]) ?? size
    guard (1...1 << 14).contains(size), (1...1 << 14).contains(cropped) else { return }
    let fraction = json["crop_pct"]?.number ?? Double(cropped) / Double(size)
    // Pillow's numbers of its filters.
    let filters = [0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"]
    guard let filter = json["resample"]?.int.flatMap({ filters[$0] }), Self.isUsual(json) else { return }
    inputSize = Extent(cropped)
    preprocessing = .object([
      "mean": mean, "std": deviation, "crop_pct": .number(fraction), "interpolation": .string(filter),
    ])
  }

  /// Whether it resizes, scales by 1 / 255 and normalizes, as all of it must to be stated in timm's words.
  private static func isUsual(_ json: JSON) -> Bool {
    let switches = ["do_resize", "do_rescale", "do_normalize"].map { json[$0]?.bool ?? true }
    return !switches.contains(false) && abs((json["rescale_factor"]?.number ?? 1 / 255) - 1 / 255) < 1e-6
  }

  /// timm's `label_names`, once called `labels`, or Hugging Face's `id2label`.
  private static func labels(_ json: JSON) -> [String] {
    let lists = [json["label_names"], json["pretrained_cfg"]?["label_names"], json["labels"]]
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
      filter: preprocessing["interpolation"]?.string.flatMap { Self.filters[$0] } ?? .bicubic, antialias: true,
      geometry: isSquash ? .stretch : .centerCrop(shorterSide: Int(min(shorter, Double(1 << 14)))), divisor: 255,
      mean: mean.map { Float($0) }, standardDeviation: deviation.map { Float($0) })
  }
}
