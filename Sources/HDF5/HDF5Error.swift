/// Why an HDF5 file cannot be read: at which object, in which of the format's structures, for what reason.
package struct HDF5Error: Error, Hashable, CustomStringConvertible {
  /// The object, from the root without a leading slash; "/" for the root.
  package var path: String
  /// By its name in the HDF5 File Format Specification, with its address where it has one.
  package var structure: String
  package var reason: String

  package init(path: String, structure: String, reason: String) {
    self.path = path.isEmpty ? "/" : path
    self.structure = structure
    self.reason = reason
  }

  /// The path is escaped, as a hostile file may hold a terminal's control sequences.
  package var description: String { "HDF5 object \(path.debugDescription), \(structure): \(reason)" }
}

/// What an error names: a structure of the file and the object that it belongs to.
struct Place {
  var path: String
  var structure: String
  /// From the superblock; nil inside of another structure.
  var address: Int?

  func error(_ reason: String) -> HDF5Error {
    HDF5Error(path: path, structure: address.map { "\(structure) at \($0)" } ?? structure, reason: reason)
  }
}
