import Files

/// The form before PyTorch 1.6: a magic number, a version, the machine's sizes, the dictionary and the storages' names, each a
/// pickle, then the storages in the order of the names.
enum TorchLegacyFile {
  /// 0x1950a86a20f9469cfc6c as a pickled number of ten bytes.
  static let magic: [UInt8] = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]

  /// After the two bytes of the pickle's protocol.
  static func isLegacy(_ bytes: FileBytes) -> Bool { bytes.slice(at: 2, count: magic.count)?.array == magic }

  static func weights(of file: ForeignFile) throws(ImportError) -> StateDictionary {
    let bytes = file.bytes
    guard isLegacy(bytes) else { throw file.error("not of PyTorch's form before 1.6") }
    var reader = PickleReader(bytes, at: 2 + magic.count)
    guard let version = try reader.read().int, version == 1001 else {
      throw file.error("a version of PyTorch's old form that is not 1001")
    }
    guard case .dictionary(let machine) = try reader.read() else { throw file.error("says nothing of its machine") }
    if case .bool(false)? = machine["little_endian"] {
      throw file.error("written on a big-endian machine")
    }
    let dictionary = try reader.read()
    guard case .list(let names) = try reader.read() else { throw file.error("does not list its storages") }
    let tensors = try TorchTensors(of: dictionary)
    let types = reader.storages
    var storages: [String: FileBytes] = [:]
    var offset = reader.offset
    for name in names.values {
      guard let key = name.string else { throw file.error("a storage whose name is no text") }
      guard let length = bytes.number(at: offset, width: 8), let count = Int(exactly: length) else {
        throw file.error("cut short before the storage \"\(key)\"")
      }
      guard let storage = types[key] else { throw file.error("the storage \"\(key)\" belongs to no tensor") }
      let (size, overflow) = count.multipliedReportingOverflow(by: storage.elementType.byteCount)
      guard !overflow, storage.view == nil, count == storage.count, let part = bytes.slice(at: offset + 8, count: size)
      else {
        throw file.error("the storage \"\(key)\" of \(count) values is cut short, or not as its tensors say")
      }
      storages[key] = part
      offset += 8 + size
    }
    return try tensors.weights { (storage) throws(ImportError) in
      guard let bytes = storages[storage.key] else { throw file.error("has no storage \"\(storage.key)\"") }
      return bytes
    }
  }
}
