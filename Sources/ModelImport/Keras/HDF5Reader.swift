import CHDF5
import ModelGraph
import Synchronization

/// libhdf5 as distributed is not thread-safe: only who holds this calls it.
let hdf5Library = Mutex<Void>(())

/// Reads a whole HDF5 file from memory through libhdf5, which opens no other file on the way.
///
/// Soft, external and user-defined links, external and virtual storage and filters other than deflate, shuffle and
/// Fletcher's checksum are refused: each could lead out of the file.
struct HDF5Reader {
  private let limits: ImportLimits
  let image: UnsafeRawBufferPointer
  /// Bytes before the file's own, which its addresses do not count.
  private(set) var userBlockSize = 0
  private let skippedGroups: Set<String>
  private var remainingValues: Int
  private var remainingObjects = Limits.nodes * 4
  private let progress: (Double) -> Void

  /// - Parameters:
  ///   - skippedGroups: Groups of the root that are not read, such as an optimizer's state.
  ///   - progress: Told what part of the file has been read, about.
  static func read(
    _ image: UnsafeRawBufferPointer, limits: ImportLimits, skipping skippedGroups: Set<String> = [],
    progress: (Double) -> Void = { _ in }
  ) throws(ImportError) -> HDF5Group {
    try withoutActuallyEscaping(progress) { progress throws(ImportError) in
      var reader = HDF5Reader(
        limits: limits, image: image, skippedGroups: skippedGroups, remainingValues: limits.parameters,
        progress: progress)
      hdf5Library._unsafeLock()
      defer { hdf5Library._unsafeUnlock() }
      return try reader.readFile()
    }
  }

  private mutating func readFile() throws(ImportError) -> HDF5Group {
    guard let start = image.baseAddress else { throw .hdf5(path: "/", reason: "an empty file") }
    H5open()
    chdf5_silence()
    let access = try opened(H5Pcreate(chdf5_file_access_class()), "/")
    defer { H5Pclose(access) }
    // The library only reads the image; its interface lacks the const.
    try check(H5Pset_fapl_core(access, 1 << 20, false), "/")
    try check(H5Pset_file_image(access, UnsafeMutableRawPointer(mutating: start), image.count), "/")
    let file = try opened(chdf5_open_read_only("image", access), "/")
    defer { H5Fclose(file) }
    let creation = try opened(H5Fget_create_plist(file), "/")
    defer { H5Pclose(creation) }
    var userBlock: hsize_t = 0
    try check(H5Pget_userblock(creation, &userBlock), "/")
    userBlockSize = Int(clamping: userBlock)
    let root = try opened(H5Gopen2(file, "/", chdf5_default()), "/")
    defer { H5Gclose(root) }
    return try readGroup(root, path: "", depth: 0)
  }

  private mutating func readGroup(_ id: hid_t, path: String, depth: Int) throws(ImportError) -> HDF5Group {
    guard depth < 64 else { throw .hdf5(path: path, reason: "groups are nested more than 64 deep") }
    var group = HDF5Group()
    group.attributes = try readAttributes(id, path: path)
    for link in try links(id, path: path) {
      let childPath = path.isEmpty ? link.name : path + "/" + link.name
      if depth == 0, skippedGroups.contains(link.name) { continue }
      guard link.isHard else {
        throw .hdf5(path: childPath, reason: "a link to a path or to another file; these are never followed")
      }
      let child = try opened(H5Oopen(id, link.name, chdf5_default()), childPath)
      defer { H5Oclose(child) }
      switch H5Iget_type(child) {
      case H5I_GROUP: group.groups[link.name] = try readGroup(child, path: childPath, depth: depth + 1)
      case H5I_DATASET: group.datasets[link.name] = try readDataset(child, path: childPath)
      default: throw .hdf5(path: childPath, reason: "neither a group nor a dataset")
      }
    }
    return group
  }

  private mutating func links(_ id: hid_t, path: String) throws(ImportError) -> [HDF5Names.Link] {
    let names = HDF5Names(limit: remainingObjects)
    let status = chdf5_walk_links(id, Unmanaged.passUnretained(names).toOpaque(), HDF5Names.visit)
    guard !names.exceeded else { throw .hdf5(path: path, reason: "more than \(Limits.nodes * 4) objects") }
    try check(status, path)
    remainingObjects -= names.links.count
    return names.links
  }

  private mutating func readDataset(_ id: hid_t, path: String) throws(ImportError) -> HDF5Dataset {
    let space = try opened(H5Dget_space(id), path)
    defer { H5Sclose(space) }
    let dimensions = try dimensions(of: space, path: path)
    guard let count = Limits.elementCount(of: dimensions), count <= remainingValues else {
      throw .hdf5(
        path: path,
        reason: "its dimensions \(dimensions) are empty or exceed the limit of \(limits.parameters) values in all")
    }
    remainingValues -= count
    progress(Double(limits.parameters - remainingValues) * 4 / Double(image.count))
    let type = try opened(H5Dget_type(id), path)
    defer { H5Tclose(type) }
    try checkStorage(of: id, byteCount: count * H5Tget_size(type), valueCount: count, path: path)
    let isBrainFloat = try readAttributes(id, path: path)["dtype"] == ["bfloat16"]
    switch (H5Tget_class(type), H5Tget_size(type)) {
    case (H5T_OPAQUE, 2) where isBrainFloat:
      return HDF5Dataset(
        path: path, dimensions: dimensions,
        values: try read(id, as: type, count: count, path: path, of: UInt16.self)
          .map { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) })
    case (H5T_FLOAT, 2), (H5T_FLOAT, 4), (H5T_FLOAT, 8), (H5T_INTEGER, 1...8):
      guard !isBrainFloat else {
        throw .hdf5(path: path, reason: "declared as bfloat16 but not stored as 2 opaque bytes")
      }
      return HDF5Dataset(
        path: path, dimensions: dimensions,
        values: try read(id, as: chdf5_native_float(), count: count, path: path, of: Float.self))
    default:
      throw .hdf5(path: path, reason: "its values are not numbers of a known type")
    }
  }

  private func read<Element: Numeric>(
    _ id: hid_t, as type: hid_t, count: Int, path: String, of: Element.Type
  ) throws(ImportError) -> [Element] {
    var values = [Element](repeating: 0, count: count)
    let status = values.withUnsafeMutableBytes {
      H5Dread(id, type, chdf5_all(), chdf5_all(), chdf5_default(), $0.baseAddress)
    }
    try check(status, path)
    return values
  }

  /// Holds a dataset's storage to this file and to its size, before memory for its values is allocated.
  private func checkStorage(
    of id: hid_t, byteCount: Int, valueCount: Int, path: String
  ) throws(ImportError) {
    let creation = try opened(H5Dget_create_plist(id), path)
    defer { H5Pclose(creation) }
    guard H5Pget_external_count(creation) == 0 else {
      throw .hdf5(path: path, reason: "stored in another file; these are never followed")
    }
    let stored = H5Dget_storage_size(id)
    switch H5Pget_layout(creation) {
    case H5D_COMPACT:
      guard stored == byteCount else {
        throw .hdf5(path: path, reason: "stores \(stored) bytes, expected \(byteCount)")
      }
    case H5D_CONTIGUOUS:
      let address = H5Dget_offset(id)
      let offset = UInt64(address)
      guard stored == byteCount, chdf5_address_is_defined(address), offset <= UInt64(image.count),
        stored <= UInt64(image.count) - offset
      else {
        throw .hdf5(path: path, reason: "stores \(stored) bytes, expected \(byteCount) inside the file")
      }
    case H5D_CHUNKED:
      try checkChunks(creation, stored: stored, byteCount: byteCount, valueCount: valueCount, path: path)
    default:
      throw .hdf5(path: path, reason: "a storage layout that may lead to other files")
    }
  }

  private func checkChunks(
    _ creation: hid_t, stored: UInt64, byteCount: Int, valueCount: Int, path: String
  ) throws(ImportError) {
    let filterCount = H5Pget_nfilters(creation)
    guard (0...8).contains(filterCount) else { throw .hdf5(path: path, reason: "\(filterCount) filters") }
    for index in 0..<UInt32(filterCount) {
      var flags: UInt32 = 0
      var valueCount = 0
      let filter = H5Pget_filter2(creation, index, &flags, &valueCount, nil, 0, nil, nil)
      guard [H5Z_FILTER_DEFLATE, H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32].contains(filter) else {
        throw .hdf5(path: path, reason: "filter \(filter), expected deflate, shuffle or Fletcher's checksum")
      }
    }
    var sides = [hsize_t](repeating: 0, count: 32)
    let rank = H5Pget_chunk(creation, Int32(sides.count), &sides)
    guard (1...32).contains(rank),
      let chunk = Limits.elementCount(of: sides.prefix(Int(rank)).map { Int(clamping: $0) }),
      chunk <= max(valueCount, 1 << 20)
    else { throw .hdf5(path: path, reason: "its chunks are larger than its values") }
    // Deflate shrinks by 1,032 times at most.
    guard stored <= UInt64(image.count), stored >= UInt64(byteCount / 1032) else {
      throw .hdf5(path: path, reason: "stores \(stored) bytes, too few for \(byteCount)")
    }
  }
}

/// Collects the names that a walk over links or attributes visits.
final class HDF5Names {
  struct Link {
    var name: String
    var isHard: Bool
  }

  private(set) var links: [Link] = []
  private(set) var exceeded = false
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  static let visit: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, Bool) -> Int32 = {
    context, name, isHard in
    guard let context, let name else { return -1 }
    let names = Unmanaged<HDF5Names>.fromOpaque(context).takeUnretainedValue()
    names.exceeded = names.links.count >= names.limit
    if names.exceeded { return 1 }
    names.links.append(Link(name: String(cString: name), isHard: isHard))
    return 0
  }
}
