import CHDF5
import Foundation

@testable import ModelImport

/// Writes an HDF5 file into a temporary file through libhdf5, and gives its bytes.
struct HDF5Writer {
  let file: hid_t

  /// - Parameter body: Writes into the file; it must not read one.
  static func bytes(_ body: (HDF5Writer) throws -> Void) throws -> [UInt8] {
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).h5").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try hdf5Library.withLock { _ in try write(path, body) }
    return [UInt8](try Data(contentsOf: URL(filePath: path)))
  }

  private static func write(_ path: String, _ body: (HDF5Writer) throws -> Void) throws {
    chdf5_silence()
    let writer = HDF5Writer(file: chdf5_create(path, chdf5_default()))
    precondition(writer.file >= 0)
    defer { precondition(H5Fclose(writer.file) >= 0) }
    try body(writer)
  }

  /// Makes a group and those around it.
  func group(_ path: String) {
    var sofar = ""
    for name in path.split(separator: "/") {
      sofar += "/" + name
      if H5Lexists(file, sofar, chdf5_default()) > 0 { continue }
      let group = H5Gcreate2(file, sofar, chdf5_default(), chdf5_default(), chdf5_default())
      precondition(group >= 0)
      H5Gclose(group)
    }
  }

  /// Makes a dataset of floats, without writing any where `values` is nil.
  func dataset(_ path: String, _ dimensions: [Int], _ values: [Float]?, creation: hid_t = chdf5_default()) {
    if let slash = path.lastIndex(of: "/") { group(String(path[..<slash])) }
    let space = H5Screate_simple(Int32(dimensions.count), dimensions.map { hsize_t($0) }, nil)
    let set = H5Dcreate2(file, path, chdf5_native_float(), space, chdf5_default(), creation, chdf5_default())
    precondition(set >= 0, "cannot make \(path)")
    if let values {
      precondition(H5Dwrite(set, chdf5_native_float(), chdf5_all(), chdf5_all(), chdf5_default(), values) >= 0)
    }
    H5Dclose(set)
    H5Sclose(space)
  }

  /// Sets an attribute of a group to strings of a fixed length, as h5py does.
  func attribute(_ name: String, of path: String, _ strings: [String]) {
    let length = max(1, strings.map(\.utf8.count).max() ?? 1)
    let type = H5Tcopy(chdf5_c_string())
    H5Tset_size(type, length)
    let space = H5Screate_simple(1, [hsize_t(strings.count)], nil)
    let object = H5Oopen(file, path, chdf5_default())
    let attribute = H5Acreate2(object, name, type, space, chdf5_default(), chdf5_default())
    precondition(attribute >= 0, "cannot make \(path)@\(name)")
    let bytes = strings.flatMap { Array($0.utf8) + Array(repeating: 0, count: length - $0.utf8.count) }
    if !bytes.isEmpty { precondition(H5Awrite(attribute, type, bytes) >= 0) }
    H5Aclose(attribute)
    H5Oclose(object)
    H5Sclose(space)
    H5Tclose(type)
  }
}
