import Files

/// An HDF5 file as Keras and h5py write it: groups, attributes, and numbers that stay in the file until they are asked for.
///
/// Reads superblocks 0 to 3, groups of both kinds, object headers of versions 1 and 2, attributes in headers and in
/// fractal heaps, and datasets of numbers that are compact, contiguous or chunked, with deflate, shuffle and Fletcher's
/// checksum. Anything else is refused by its HDF5 name: no link out of the file is followed.
///
/// The bytes may come from an untrusted source. Every address, count and length is checked before it is used; the work is bounded by
/// the file's size, memory by that and by `HDF5Limits`.
package struct HDF5File: Sendable {
  package let root: HDF5Group

  /// Opens a file, or one that is a part of a larger one, without reading the datasets' values.
  ///
  /// - Parameters:
  ///   - bytes: Stay in memory, or mapped, while one of the datasets is alive.
  ///   - skippedNames: Objects of the root that are not looked at, such as an optimizer's state.
  package init(
    _ bytes: FileBytes, limits: HDF5Limits = HDF5Limits(), skipping skippedNames: Set<String> = []
  ) throws(HDF5Error) {
    let superblock = try Superblock(bytes, limits: limits)
    var reader = FileReader(superblock.file)
    root = try reader.group(at: superblock.rootAddress, path: "", skipping: skippedNames)
  }

  /// Whether bytes have HDF5's signature where it may be.
  package static func isHDF5(_ bytes: FileBytes) -> Bool { Superblock.offset(in: bytes) != nil }
}
