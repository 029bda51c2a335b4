import ModelGraph

/// Why a foreign model cannot be read: where, what was found, what was expected.
package enum ImportError: Error, Hashable, CustomStringConvertible {
  /// The file as a whole: it cannot be opened, is too large, or is of no known kind.
  case file(path: String, reason: String)
  /// The zip archive, or one of its entries.
  case archive(entry: String?, reason: String)
  /// A JSON text, at a byte of it.
  case json(offset: Int, reason: String)
  /// An object of an HDF5 file.
  case hdf5(path: String, reason: String)
  /// An array of numbers of any file.
  case array(name: String, reason: String)
  /// The description of the network as a whole.
  case model(reason: String)
  /// A layer that is unknown, or is used in a way that cannot be expressed exactly.
  case layer(name: String, reason: String)
  /// The weights of a layer: missing, surplus, of another shape, or not numbers that a network can have.
  case weights(layer: String, reason: String)
  case labels(reason: String)
  /// The options contradict the model.
  case options(reason: String)

  package var description: String {
    switch self {
    case .file(let path, let reason): "\(path): \(reason)"
    case .archive(let entry?, let reason): "zip entry \"\(entry)\": \(reason)"
    case .archive(nil, let reason): "zip archive: \(reason)"
    case .json(let offset, let reason): "JSON at byte \(offset): \(reason)"
    case .hdf5(let path, let reason): "HDF5 object \"\(path)\": \(reason)"
    case .array(let name, let reason): "array \"\(name)\": \(reason)"
    case .model(let reason): "model: \(reason)"
    case .layer(let name, let reason): "layer \"\(name)\": \(reason)"
    case .weights(let layer, let reason): "weights of layer \"\(layer)\": \(reason)"
    case .labels(let reason): "labels: \(reason)"
    case .options(let reason): reason
    }
  }
}

/// What a foreign file may ask for, checked before anything is allocated.
package struct ImportLimits: Hashable, Sendable {
  /// Bytes of the file, and of each entry of an archive.
  package var fileSize: Int
  /// Bytes of the JSON text that describes a network.
  package var configurationSize: Int
  /// Values of all weights together.
  package var parameters: Int

  package init(fileSize: Int = 1 << 32, configurationSize: Int = 1 << 26, parameters: Int = 1 << 30) {
    self.fileSize = fileSize
    self.configurationSize = configurationSize
    self.parameters = parameters
  }
}
