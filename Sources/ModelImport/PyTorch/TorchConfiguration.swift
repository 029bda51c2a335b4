import ModelGraph

/// What `config.json` beside weights says (timm's and Hugging Face's): the architecture, the preprocessing, the classes.
struct TorchConfiguration {
  private(set) var architecture: String?
  private(set) var inputSize: Extent?
  private(set) var labels: [String] = []
  private var preprocessing: JSON?
  private static let filters: [String: Preprocessing.Filter] = [
    "nearest": .nearest, "bilinear": .bilinear, "bicubic": .bicubic, "lanczos": .lanczos3,
  ]

  init(beside file: ForeignFile, limits: ImportLimits) throws(ImportError) {
    var json = JSON.null
    if let text = try? ForeignFile(path: file.folder + "config.json", limit: limits.configurationSize) {
      json = try JSONParser.parse(text.bytes.array)
    }
    preprocessing = json["pretrained_cfg"] ?? (json["mean"] == nil ? nil : json)
    architecture = json["architecture"]?.string ?? preprocessing?["architecture"]?.string
    labels = Self.labels(json)
    if preprocessing == nil { try readProcessor(in: file.folder, limits) }
    try check("global_pool", of: [json, preprocessing], is: ["avg", "fast", "fastavg", ""])
    try check("interpolation", of: [preprocessing], is: Array(Self.filters.keys).sorted())
    try check("crop_mode", of: [preprocessing], is: ["center", "squash"])
    if let fraction = preprocessing?["crop_pct"]?.number, fraction < 1, preprocessing?["crop_mode"]?.string == "squash"
    {
      throw .model(
        reason: "the configuration beside the weights stretches pictures and cuts out \(fraction) of them (crop_mode "
          + "\"squash\" with that crop_pct), which cannot be stated; change it there to convert all the same")
    }
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

  /// Hugging Face's `preprocessor_config.json`, in timm's words; what those cannot say is left to be assumed aloud.
  private mutating func readProcessor(in folder: String, _ limits: ImportLimits) throws(ImportError) {
    let path = folder + "preprocessor_config.json"
    guard let text = try? ForeignFile(path: path, limit: limits.configurationSize) else { return }
    let json = try JSONParser.parse(text.bytes.array)
    guard let mean = json["image_mean"], let deviation = json["image_std"], let number = json["resample"]?.int,
      Self.isUsual(json), let placement = Placement(json)
    else { return }
    // Pillow's numbers of its filters.
    guard let filter = [0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"][number] else {
      throw .model(
        reason: "preprocessor_config.json resizes by Pillow's filter \(number), expected 0 to 3 (nearest, Lanczos, "
          + "bilinear, bicubic); change it there to convert all the same")
    }
    inputSize = placement.size
    preprocessing = .object([
      "mean": mean, "std": deviation, "interpolation": .string(filter), "crop_pct": .number(placement.fraction ?? 1),
      "crop_mode": .string(placement.fraction == nil ? "squash" : "center"),
    ])
  }

  /// How a picture becomes one of the input's size.
  private struct Placement {
    var size: Extent
    /// The input's part of the shorter side, whose center is cut out; nil where the picture is stretched.
    var fraction: Double?

    init?(_ json: JSON) {
      func extent(_ value: JSON?) -> Extent? {
        let sides = [value?["height"]?.int ?? value?.int, value?["width"]?.int ?? value?.int].compactMap(\.self)
        guard sides.count == 2, sides.allSatisfy({ (1...1 << 14).contains($0) }) else { return nil }
        return Extent(height: sides[0], width: sides[1])
      }
      let crop = json["do_center_crop"]?.bool == false ? nil : extent(json["crop_size"])
      let type = (json["image_processor_type"] ?? json["feature_extractor_type"])?.string ?? ""
      let shorter = json["size"]?["shortest_edge"]?.int ?? json["size"]?.int
      if let shorter, json["crop_pct"] != nil || type.hasPrefix("ConvNext") {
        // Of ConvNeXt, whose processor stretches from 384 on.
        guard (1...1 << 14).contains(shorter) else { return nil }
        size = Extent(shorter)
        fraction = shorter >= 384 ? nil : json["crop_pct"]?.number ?? 224 / 256
      } else if let shorter, let crop, crop.height == crop.width, shorter >= crop.height {
        size = crop
        fraction = Double(crop.height) / Double(shorter)
      } else if crop == nil, json["do_center_crop"]?.bool != true, json["size"]?.int == nil,
        let stretched = extent(json["size"])
      {
        size = stretched
        fraction = nil
      } else {
        return nil
      }
    }
  }

  /// Whether it resizes, scales by 1 / 255 and normalizes, as all of it must to be stated in timm's words.
  private static func isUsual(_ json: JSON) -> Bool {
    let switches = ["do_resize", "do_rescale", "do_normalize"].map { json[$0]?.bool ?? true }
    return !switches.contains(false) && json["rescale_offset"]?.bool != true
      && abs((json["rescale_factor"]?.number ?? 1 / 255) - 1 / 255) < 1e-6
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
