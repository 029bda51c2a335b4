/// Reads weights saved by `torch.save`: a zip archive since PyTorch 1.6, a sequence of pickles before.
enum PyTorchReader {
  static func read(
    _ file: ForeignFile, options: ImportOptions, progress: ModelImporter.Progress
  ) throws(ImportError) -> ForeignModel {
    let weights =
      file.kind() == .pyTorchArchive ? try archive(file, options.limits) : try TorchLegacyFile.weights(of: file)
    progress(.buildingNetwork, 0)
    return try weights.model(beside: file, options: options)
  }

  private static func archive(_ file: ForeignFile, _ limits: ImportLimits) throws(ImportError) -> StateDictionary {
    let archive = try ZipArchive(file.bytes)
    guard let name = archive.names.first(where: { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }),
      let pickle = try archive.contents(of: name, limit: limits.configurationSize)
    else { throw .archive(entry: nil, reason: "has no data.pkl") }
    let folder = name.dropLast("data.pkl".count)
    if let order = try archive.contents(of: folder + "byteorder", limit: 64),
      String(decoding: order.array, as: UTF8.self) != "little"
    {
      throw .archive(entry: folder + "byteorder", reason: "the file was written on a big-endian machine")
    }
    var reader = PickleReader(pickle)
    let tensors = try TorchTensors(of: try reader.read())
    return try tensors.weights { (storage) throws(ImportError) in
      let entry = "\(folder)data/\(storage.key)"
      guard let bytes = try archive.contents(of: entry, limit: limits.fileSize) else {
        throw .archive(entry: entry, reason: "missing: a tensor's values lie in it")
      }
      return bytes
    }
  }
}
