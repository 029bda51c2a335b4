import ModelGraph

/// An HDF5 file's groups, attributes and numbers as plain values.
///
/// Only what a weights file needs: hard links, numeric datasets (as 32-bit floats), and attributes that are strings.
struct HDF5Group: Sendable {
  var attributes: [String: [String]] = [:]
  var groups: [String: HDF5Group] = [:]
  var datasets: [String: HDF5Dataset] = [:]
}

struct HDF5Dataset: Sendable {
  /// From the root, without a leading slash.
  var path: String
  /// Empty for a scalar.
  var dimensions: [Int]
  var values: [Float]
}

extension HDF5Group {
  /// The group at a path of names separated by slashes; the empty path is the group itself.
  func group(at path: String) -> HDF5Group? {
    var group = self
    for name in path.split(separator: "/") {
      guard let next = group.groups[String(name)] else { return nil }
      group = next
    }
    return group
  }

  func dataset(at path: String) -> HDF5Dataset? {
    guard let slash = path.lastIndex(of: "/") else { return datasets[path] }
    return group(at: String(path[..<slash]))?.datasets[String(path[path.index(after: slash)...])]
  }

  /// All datasets of the group and the groups in it.
  var allDatasets: [HDF5Dataset] {
    datasets.values + groups.values.flatMap(\.allDatasets)
  }
}
