import Files
import HDF5
import ModelGraph

/// A group of a Keras weights file: its arrays, the groups in it, and its attributes that are strings.
struct KerasGroup: Sendable {
  var attributes: [String: [String]] = [:]
  var groups: [String: KerasGroup] = [:]
  var arrays: [String: NamedArray] = [:]

  /// The group at a path of names separated by slashes; the empty path is the group itself.
  func group(at path: String) -> KerasGroup? {
    var group = self
    for name in path.split(separator: "/") {
      guard let next = group.groups[String(name)] else { return nil }
      group = next
    }
    return group
  }

  func array(at path: String) -> NamedArray? {
    guard let slash = path.lastIndex(of: "/") else { return arrays[path] }
    return group(at: String(path[..<slash]))?.arrays[String(path[path.index(after: slash)...])]
  }

  /// All arrays of the group and the groups in it.
  var allArrays: [NamedArray] { arrays.values + groups.values.flatMap(\.allArrays) }
}

extension KerasGroup {
  /// Opens an HDF5 file; the values of its arrays stay in the file.
  init(_ file: FileBytes, limits: ImportLimits) throws(ImportError) {
    var hdf5Limits = HDF5Limits()
    hdf5Limits.values = limits.parameters
    do throws(HDF5Error) {
      // What training leaves in a file besides the weights.
      let skipped: Set = ["optimizer", "optimizer_weights", "metrics"]
      self.init(try HDF5File(file, limits: hdf5Limits, skipping: skipped).root)
    } catch {
      throw .hdf5(path: error.path, reason: "\(error.structure): \(error.reason)")
    }
  }

  private init(_ group: HDF5Group) {
    attributes = group.attributes.compactMapValues(\.strings)
    groups = group.groups.mapValues { KerasGroup($0) }
    arrays = group.datasets.mapValues { NamedArray($0) }
  }
}

extension NamedArray {
  fileprivate init(_ dataset: HDF5Dataset) {
    // Both enumerations name the types as NumPy does.
    let elementType = ElementType(rawValue: dataset.type.format.rawValue)!
    self.init(
      name: dataset.path, dimensions: dataset.dimensions, elementType: elementType,
      contents: DatasetContents(dataset: dataset))
  }
}

/// The values of a dataset; big-endian ones are byte-swapped.
private struct DatasetContents: TensorContents {
  let dataset: HDF5Dataset

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    guard dataset.type.isBigEndian, dataset.type.size > 1 else { return try unsafe dataset.withBytes(body) }
    let bytes = try unsafe dataset.withBytes { bytes in
      let size = dataset.type.size
      return (0..<bytes.count).map { unsafe bytes[$0 - $0 % size + (size - 1 - $0 % size)] }
    }
    return try unsafe bytes.withUnsafeBytes(body)
  }
}
