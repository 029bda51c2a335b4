import ModelGraph

/// The codes of the META section.
private enum Codes {
  static let outputs: [Metadata.Output] = [.classLogits, .classProbabilities, .labelLogits, .labelProbabilities]
  static let filters: [Preprocessing.Filter] = [
    .nearest, .bilinear, .bicubic, .lanczos3, .lanczos5, .area, .tensorFlowNearest,
  ]
  /// The shorter side of a crop follows.
  static let geometries: [Preprocessing.Geometry] = [
    .stretch, .centerCrop(shorterSide: 0), .pad(.before), .pad(.after), .cropToAspectRatio,
  ]
  static let channelOrders: [Preprocessing.ChannelOrder] = [.rgb, .bgr]
}

private struct Presence: OptionSet {
  let rawValue: UInt32
  static let source = Presence(rawValue: 1)
  static let license = Presence(rawValue: 2)
  static let attribution = Presence(rawValue: 4)
  static let golden = Presence(rawValue: 8)
}

extension Metadata {
  init(from reader: inout ByteReader) throws(WeightFormatError) {
    let present = Presence(rawValue: try reader.unsigned32("optional fields"))
    guard present.rawValue < 16 else {
      throw reader.fault(.value, "optional fields", found: hex(present.rawValue), expected: "bits 0 to 3", back: 4)
    }
    let output = try reader.choice("output", Codes.outputs)
    let preprocessing = try Preprocessing(from: &reader)
    let architecture = try reader.text("architecture")
    let converter = try reader.text("converter")
    let labelCount = try reader.count("number of labels", limit: reader.limits.labels, unit: 4)
    var labels: [String] = []
    labels.reserveCapacity(labelCount)
    for index in 0..<labelCount { labels.append(try reader.text("label \(index)")) }
    self.init(
      architecture: architecture, preprocessing: preprocessing, labels: labels, output: output, converter: converter,
      source: present.contains(.source) ? try Source(from: &reader) : nil,
      license: present.contains(.license) ? try reader.text("license", allowsLines: true) : nil,
      attribution: present.contains(.attribution) ? try reader.text("attribution", allowsLines: true) : nil,
      golden: present.contains(.golden) ? try Golden(from: &reader) : nil)
    try reader.finish()
  }

  func encode(to writer: inout ByteWriter) throws(WeightFormatError) {
    var present: Presence = []
    if source != nil { present.insert(.source) }
    if license != nil { present.insert(.license) }
    if attribution != nil { present.insert(.attribution) }
    if golden != nil { present.insert(.golden) }
    writer.unsigned32(present.rawValue)
    writer.unsigned32(UInt32(Codes.outputs.firstIndex(of: output)!))
    try preprocessing.encode(to: &writer)
    try writer.text(architecture, "architecture")
    try writer.text(converter, "converter")
    try writer.integer(labels.count, "number of labels")
    for (index, label) in labels.enumerated() { try writer.text(label, "label \(index)") }
    if let source {
      try writer.text(source.fileName, "source file name")
      guard source.sha256.count == 32 else {
        throw WeightFormatError(
          .metadata, in: .metadata, "source SHA-256", found: "\(source.sha256.count) bytes", expected: "32")
      }
      writer.raw(source.sha256)
    }
    if let license { try writer.text(license, "license") }
    if let attribution { try writer.text(attribution, "attribution") }
    if let golden {
      writer.unsigned64(golden.seed)
      writer.float(golden.tolerance)
      try writer.integer(golden.output.count, "number of golden outputs")
      writer.floats(golden.output)
    }
  }

  /// Checks what metadata say against the graph they belong to.
  ///
  /// - Parameter offset: Where the section is in the file, if there is one.
  func check(against graph: Graph, at offset: Int? = nil) throws(WeightFormatError) {
    func fault(_ what: String, _ found: some Any, _ expected: String) -> WeightFormatError {
      WeightFormatError(.metadata, in: .metadata, at: offset, what, found: "\(found)", expected: expected)
    }
    let outputs = graph.outputShape.elementCount
    guard labels.isEmpty || labels.count == outputs || (outputs == 1 && labels.count == 2) else {
      let expected = outputs == 1 ? "none, 1, or 2 (no and yes)" : "none, or \(outputs), the values of the output"
      throw fault("number of labels", labels.count, expected)
    }
    if let golden, golden.output.count != outputs {
      throw fault("number of golden outputs", golden.output.count, "\(outputs), the values of the output")
    }
    let channels = graph.inputShape.channels
    guard preprocessing.mean.count == channels else {
      throw fault("channels of the preprocessing", preprocessing.mean.count, "\(channels), those of the input")
    }
    do throws(PreprocessingError) {
      try preprocessing.validateGeometry(inputShape: graph.inputShape)
    } catch {
      throw fault(error.property, error.found, error.expected)
    }
  }
}

extension Preprocessing {
  fileprivate init(from reader: inout ByteReader) throws(WeightFormatError) {
    let filter = try reader.choice("resize filter", Codes.filters)
    let antialias = try reader.flag("antialias")
    var geometry = try reader.choice("geometry", Codes.geometries)
    let sideOffset = reader.offset
    let side = try reader.integer("shorter side")
    if case .centerCrop = geometry {
      geometry = .centerCrop(shorterSide: side)
    } else if side != 0 {
      throw reader.fault(.value, "shorter side", found: "\(side)", expected: "0 without a crop", back: 4)
    }
    let order = try reader.choice("channel order", Codes.channelOrders)
    let divisorOffset = reader.offset
    let divisor = try reader.float("divisor")
    let channels = try reader.count("channels of the preprocessing", limit: Limits.elements, unit: 8)
    let mean = try reader.floats("mean", count: channels)
    let deviationOffset = reader.offset
    let deviation = try reader.floats("standard deviation", count: channels)
    self.init(
      filter: filter, antialias: antialias, geometry: geometry, channelOrder: order, divisor: divisor, mean: mean,
      standardDeviation: deviation)
    do throws(PreprocessingError) {
      try validateValues()
    } catch {
      let offsets = [
        "the shorter side": sideOffset, "divisor": divisorOffset, "standardDeviation": deviationOffset,
      ]
      throw WeightFormatError(
        .value, in: .metadata, at: offsets[error.property], error.property, found: error.found,
        expected: error.expected)
    }
  }

  fileprivate func encode(to writer: inout ByteWriter) throws(WeightFormatError) {
    writer.unsigned32(UInt32(Codes.filters.firstIndex(of: filter)!))
    writer.flag(antialias)
    var (kind, side) = (geometry, 0)
    if case .centerCrop(let shorterSide) = geometry { (kind, side) = (.centerCrop(shorterSide: 0), shorterSide) }
    writer.unsigned32(UInt32(Codes.geometries.firstIndex(of: kind)!))
    try writer.integer(side, "shorter side")
    writer.unsigned32(UInt32(Codes.channelOrders.firstIndex(of: channelOrder)!))
    writer.float(divisor)
    guard mean.count == standardDeviation.count else {
      throw WeightFormatError(
        .metadata, in: .metadata, "standard deviation", found: "\(standardDeviation.count) values",
        expected: "\(mean.count), as many as the mean has")
    }
    try writer.integer(mean.count, "channels of the preprocessing")
    writer.floats(mean)
    writer.floats(standardDeviation)
  }
}

extension Metadata.Source {
  fileprivate init(from reader: inout ByteReader) throws(WeightFormatError) {
    let start = reader.position
    let fileName = try reader.text("source file name")
    guard !fileName.isEmpty, !fileName.utf8.contains(UInt8(ascii: "/")), !fileName.utf8.contains(UInt8(ascii: "\\"))
    else {
      throw reader.fault(
        .text, "source file name", found: "\"\(fileName)\"", expected: "a name without a folder",
        back: reader.position - start)
    }
    self.init(fileName: fileName, sha256: try reader.raw("source SHA-256", count: 32))
  }
}

extension Metadata.Golden {
  fileprivate init(from reader: inout ByteReader) throws(WeightFormatError) {
    let seed = try reader.unsigned64("golden seed")
    let tolerance = try reader.float("golden tolerance")
    guard tolerance >= 0 else {
      throw reader.fault(.value, "golden tolerance", found: "\(tolerance)", expected: "0 or more", back: 4)
    }
    let count = try reader.count("number of golden outputs", limit: Limits.elements, unit: 4)
    self.init(seed: seed, output: try reader.floats("golden output", count: count), tolerance: tolerance)
  }
}

/// The ASSM section.
extension ByteReader {
  mutating func assumptions() throws(WeightFormatError) -> [String] {
    let count = try count("number of assumptions", limit: limits.labels, unit: 4)
    var assumptions: [String] = []
    for index in 0..<count { assumptions.append(try text("assumption \(index)")) }
    try finish()
    return assumptions
  }
}

extension ByteWriter {
  mutating func assumptions(_ assumptions: [String]) throws(WeightFormatError) {
    try integer(assumptions.count, "number of assumptions")
    for (index, assumption) in assumptions.enumerated() { try text(assumption, "assumption \(index)") }
  }
}
