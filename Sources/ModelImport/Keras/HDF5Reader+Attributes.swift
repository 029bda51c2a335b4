import CHDF5
import ModelGraph

/// An identifier that libhdf5 has just opened; the caller closes it.
///
/// - Parameter path: The object that the error names where `id` says that opening failed.
func opened(_ id: hid_t, _ path: String) throws(ImportError) -> hid_t {
  guard id >= 0 else { throw .hdf5(path: path, reason: hdf5ErrorText()) }
  return id
}

/// Throws what libhdf5 says about the call that returned `status`, where that is negative.
func check(_ status: herr_t, _ path: String) throws(ImportError) {
  guard status >= 0 else { throw .hdf5(path: path, reason: hdf5ErrorText()) }
}

/// The messages of libhdf5's error stack, the innermost first.
private func hdf5ErrorText() -> String {
  let messages = HDF5Messages()
  chdf5_walk_errors(Unmanaged.passUnretained(messages).toOpaque()) { context, text in
    guard let context, let text else { return }
    Unmanaged<HDF5Messages>.fromOpaque(context).takeUnretainedValue().texts.append(String(cString: text))
  }
  let texts = messages.texts.filter { !$0.isEmpty }
  return texts.isEmpty ? "cannot be read" : texts.joined(separator: "; ")
}

private final class HDF5Messages {
  var texts: [String] = []
}

extension HDF5Reader {
  /// The extent of a dataspace: no dimensions for a scalar, `[0]` where there are no values at all.
  func dimensions(of space: hid_t, path: String) throws(ImportError) -> [Int] {
    switch H5Sget_simple_extent_type(space) {
    case H5S_SCALAR: return []
    case H5S_NULL: return [0]
    case H5S_SIMPLE: break
    default: throw .hdf5(path: path, reason: "its extent is of an unknown kind")
    }
    let rank = H5Sget_simple_extent_ndims(space)
    guard (1...8).contains(rank) else { throw .hdf5(path: path, reason: "\(rank) dimensions, expected 1 to 8") }
    var dimensions = [hsize_t](repeating: 0, count: Int(rank))
    try check(H5Sget_simple_extent_dims(space, &dimensions, nil), path)
    return dimensions.map { Int(clamping: $0) }
  }

  /// The attributes of an object that are strings or lists of strings; others are left out.
  func readAttributes(_ id: hid_t, path: String) throws(ImportError) -> [String: [String]] {
    let names = HDF5Names(limit: 4096)
    let status = chdf5_walk_attributes(id, Unmanaged.passUnretained(names).toOpaque(), HDF5Names.visit)
    guard !names.exceeded else { throw .hdf5(path: path, reason: "more than 4096 attributes") }
    try check(status, path)
    var attributes: [String: [String]] = [:]
    for link in names.links {
      let attribute = try opened(H5Aopen(id, link.name, chdf5_default()), path)
      defer { H5Aclose(attribute) }
      attributes[link.name] = try readStrings(attribute, path: path + "@" + link.name)
    }
    return attributes
  }

  /// An attribute's strings; none where it has no values; nil where they are not strings.
  private func readStrings(_ attribute: hid_t, path: String) throws(ImportError) -> [String]? {
    let type = try opened(H5Aget_type(attribute), path)
    defer { H5Tclose(type) }
    let space = try opened(H5Aget_space(attribute), path)
    defer { H5Sclose(space) }
    let dimensions = try dimensions(of: space, path: path)
    if dimensions.contains(0) { return [] }
    guard H5Tget_class(type) == H5T_STRING else { return nil }
    let limit = 1 << 26
    let size = H5Tget_size(type)
    guard let count = Limits.elementCount(of: dimensions), count <= 1 << 20, (1...limit).contains(size),
      size <= limit / count
    else { throw .hdf5(path: path, reason: "longer than \(limit) bytes") }
    return H5Tis_variable_str(type) > 0
      ? try readVariableStrings(attribute, type, count: count, path: path)
      : try readFixedStrings(attribute, type, count: count, size: size, path: path)
  }

  private func readFixedStrings(
    _ attribute: hid_t, _ type: hid_t, count: Int, size: Int, path: String
  ) throws(ImportError) -> [String] {
    var bytes = [UInt8](repeating: 0, count: count * size)
    try check(bytes.withUnsafeMutableBytes { H5Aread(attribute, type, $0.baseAddress) }, path)
    var strings: [String] = []
    for index in 0..<count {
      // Ended by a zero or padded with zeros.
      let text = bytes[index * size..<(index + 1) * size].prefix { $0 != 0 }
      guard let text = String(validating: text, as: UTF8.self) else { throw .hdf5(path: path, reason: "not UTF-8") }
      strings.append(text)
    }
    return strings
  }
}
