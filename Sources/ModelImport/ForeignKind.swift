import Files
import HDF5

/// What a file is, recognized by its content: those that can be read, and those that are often given by mistake.
package enum ForeignKind: String, Hashable, Sendable, CaseIterable {
  case weightFile, kerasArchive, hdf5, onnx, safetensors, pyTorchArchive, pyTorchPickle, torchScript
  case safetensorsIndex
  case pickle, tfLite, savedModel, tensorFlowGraph, numPy, otherArchive, gzip, gitLFSPointer, html, json, picture, empty
  case tar, sevenZip, xz, rar, pdf, openVINO, prototxt, coreML, notebook
  case unknown

  init(of bytes: FileBytes) {
    let start = bytes.slice(at: 0, count: min(bytes.count, 1024))?.array ?? []
    self =
      if start.isEmpty { .empty } else if let magic = Self(magic: start) { magic } else if HDF5File.isHDF5(bytes) {
        .hdf5
      } else if Self.isSafetensors(bytes, start) { .safetensors } else if let text = Self(text: start) { text } else {
        ProtobufOutline(bytes).flatMap(Self.init(protobuf:)) ?? .unknown
      }
    // A zip file that cannot be read is recognized all the same; its reader says what is wrong with it.
    if self == .otherArchive, let archive = try? ZipArchive(bytes) { self = Self(entries: archive.names) }
  }

  private init?(magic start: [UInt8]) {
    func begins(_ magic: [UInt8], at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: magic) }
    let kinds: [(magic: [UInt8], kind: ForeignKind)] = [
      ([0x89, 0x58, 0x43, 0x57], .weightFile), ([0x50, 0x4b, 0x03, 0x04], .otherArchive), ([0x1f, 0x8b], .gzip),
      (Array("\u{93}NUMPY".unicodeScalars.map { UInt8($0.value) }), .numPy), ([0xff, 0xd8, 0xff], .picture),
      ([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], .sevenZip), ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], .xz),
      (Array("Rar!\u{1a}\u{7}".utf8), .rar), (Array("%PDF-".utf8), .pdf), ([0x89, 0x50, 0x4e, 0x47], .picture),
      (Array("GIF8".utf8), .picture), (Array("RIFF".utf8), .picture),
    ]
    if let found = kinds.first(where: { begins($0.magic) }) {
      self = found.kind
    } else if begins(Array("ustar".utf8), at: 257) {
      self = .tar
    } else if begins(Array("TFL3".utf8), at: 4) {
      self = .tfLite
    } else if start[0] == 0x80, start.count > 1, (2...5).contains(start[1]) {
      self = begins(TorchLegacyFile.magic, at: 2) ? .pyTorchPickle : .pickle
    } else {
      return nil
    }
  }

  private init(entries: Set<String>) {
    if entries.contains("config.json"), entries.contains(where: { $0.hasPrefix("model.weights") }) {
      self = .kerasArchive
    } else if entries.contains(where: { $0.hasSuffix("/data.pkl") || $0 == "data.pkl" }) {
      self =
        entries.contains { $0.contains("/code/") || $0.hasSuffix("/constants.pkl") } ? .torchScript : .pyTorchArchive
    } else if entries.contains(where: { $0.hasSuffix(".npy") }) {
      self = .numPy
    } else if entries.contains(where: { $0.hasSuffix("saved_model.pb") }) {
      self = .savedModel
    } else {
      self = .otherArchive
    }
  }

  private init?(text start: [UInt8]) {
    let body = start.starts(with: [0xef, 0xbb, 0xbf]) ? start.dropFirst(3) : start[...]
    let text = String(decoding: body.drop { $0 <= 0x20 }.prefix(64), as: UTF8.self).lowercased()
    if text.hasPrefix("version https://git-lfs.github.com/spec/") {
      self = .gitLFSPointer
    } else if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") || text.hasPrefix("<head") {
      self = .html
    } else if text.hasPrefix("{") || text.hasPrefix("[") {
      let all = String(decoding: start, as: UTF8.self)
      // The index of a model in several files; its `metadata` is a few numbers.
      let isIndex = all.contains("\"weight_map\"")
      self = isIndex ? .safetensorsIndex : all.contains("\"cell_type\"") ? .notebook : .json
    } else if text.hasPrefix("<?xml") || text.hasPrefix("<net ") {
      guard String(decoding: start, as: UTF8.self).contains("<net ") else { return nil }
      self = .openVINO
    } else if ["name: \"", "layer {", "layers {", "input: \""].contains(where: { text.hasPrefix($0) }) {
      self = .prototxt
    } else {
      return nil
    }
  }

  /// Eight bytes of a header's length, and that many of JSON.
  private static func isSafetensors(_ bytes: FileBytes, _ start: [UInt8]) -> Bool {
    guard let length = bytes.number(at: 0, width: 8), start.count > 8, start[8] == UInt8(ascii: "{") else {
      return false
    }
    if length >= 2 && length <= UInt64(bytes.count - 8) { return true }
    // A file that is cut short inside of its header; its reader says so.
    return start.count > 9 && start[9] == UInt8(ascii: "\"") && length < 1 << 32
  }

  /// ONNX's `ModelProto` has an `ir_version` (1) and a `graph` (7), TensorFlow's `SavedModel` a version (1) and its
  /// `meta_graphs` (2), its `GraphDef` any number of nodes (1); Core ML's `Model` has a version (1), a description (2) and one
  /// model of a kind that is numbered from 200.
  private init?(protobuf outline: ProtobufOutline) {
    if outline.fields[1] == .number, outline.fields[7] == .bytes {
      self = .onnx
    } else if outline.fields[1] == .number, outline.fields[2] == .bytes,
      outline.fields.keys.contains(where: { (200...3000).contains($0) })
    {
      self = .coreML
    } else if outline.fields[1] == .number, outline.fields.keys.allSatisfy({ $0 <= 2 }) {
      self = .savedModel
    } else if outline.fields[1] == .bytes, outline.fields.keys.allSatisfy({ $0 <= 4 }) {
      self = .tensorFlowGraph
    } else {
      return nil
    }
  }
}

/// The fields at the outermost level of a message in Protocol Buffers' encoding; nil for other bytes.
private struct ProtobufOutline {
  enum Value {
    case number, bytes
  }

  private(set) var fields: [Int: Value] = [:]

  init?(_ bytes: FileBytes) {
    var offset = 0
    func varint() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard let byte = bytes.number(at: offset, width: 1) else { return nil }
        offset += 1
        value |= (byte & 0x7f) << shift
        if byte < 0x80 { return value }
      }
      return nil
    }
    while offset < bytes.count {
      guard let key = varint(), (1...3000).contains(key >> 3) else { return nil }
      var length = 0
      switch key & 7 {
      case 0: guard varint() != nil else { return nil }
      case 1: length = 8
      case 5: length = 4
      case 2:
        guard let count = varint(), count <= UInt64(bytes.count - offset) else { return nil }
        length = Int(count)
      default: return nil
      }
      guard length <= bytes.count - offset else { return nil }
      offset += length
      fields[Int(key >> 3)] = key & 7 == 2 ? .bytes : .number
    }
  }
}
