import Files

/// A file's bytes and what its superblock says about them; immutable, shared by all datasets.
struct FileContext: Sendable {
  /// From the superblock, where addresses count from, to the end.
  let image: FileBytes
  let widths: FieldWidths
  let limits: HDF5Limits
}

/// Reads the file's structures within a budget.
///
/// Structures of a sound file do not overlap and each is read once, so that together they cannot be larger than the
/// file: the budget is four times that. A structure that leads back to itself uses it up quickly.
struct FileReader {
  let file: FileContext
  private var remainingWork: Int
  var remainingObjects: Int
  var remainingValues: Int
  var remainingAttributeBytes: Int
  /// The addresses of the groups that are being read, from the root.
  var openGroups: [Int] = []
  /// The datasets that have been read, by address: links to the same one are no further work.
  var datasets: [Int: HDF5Dataset] = [:]
  /// The collections of the global heap that have been read, by address.
  var collections: [Int: GlobalHeapCollection] = [:]

  init(_ file: FileContext) {
    self.file = file
    let (work, overflow) = file.image.count.multipliedReportingOverflow(by: 4)
    remainingWork = overflow ? .max : max(work, 1 << 16)
    remainingObjects = file.limits.objects
    remainingValues = file.limits.values
    remainingAttributeBytes = file.limits.attributeBytes
  }

  /// The fields of a structure, after it was counted.
  mutating func fields(
    _ structure: String, at address: Int, count: Int, of path: String
  ) throws(HDF5Error) -> Fields {
    let place = Place(path: path, structure: structure, address: address)
    return Fields(try bytes(at: address, count: count, place), place, file.widths)
  }

  /// Bytes of the file, after they were counted.
  mutating func bytes(at address: Int, count: Int, _ place: Place) throws(HDF5Error) -> FileBytes {
    guard let bytes = file.image.slice(at: address, count: count) else {
      throw place.error("\(count) bytes at \(address) are not inside the file, which has \(file.image.count)")
    }
    // What an empty or tiny structure costs beside its bytes.
    let work = max(count, 8)
    guard work <= remainingWork else {
      throw place.error("the file's structures overlap or lead back to themselves")
    }
    remainingWork -= work
    return bytes
  }

  /// A structure that begins with a signature and ends with a checksum; the fields between them.
  mutating func checkedFields(
    _ structure: String, _ signature: StaticString, at address: Int, count: Int, of path: String
  ) throws(HDF5Error) -> Fields {
    let whole = try fields(structure, at: address, count: count, of: path)
    var contents = try verified(whole)
    try contents.signature(signature)
    return contents
  }

  /// What stands before the checksum in the last four bytes.
  func verified(_ whole: Fields) throws(HDF5Error) -> Fields {
    var contents = whole
    let body = try contents.take(max(whole.bytes.count - 4, 0))
    let stored = UInt32(truncatingIfNeeded: try contents.number(width: 4))
    if file.limits.verifiesChecksums {
      let computed = Lookup3.checksum(body.array)
      guard stored == computed else { throw whole.error("its checksum is \(computed), expected \(stored)") }
    }
    return Fields(body, whole.place, whole.widths)
  }

  /// - Parameter count: Multiplied where the product must stay below the file's length.
  func product(_ count: Int, _ size: Int, _ place: Place) throws(HDF5Error) -> Int {
    let (product, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, product <= file.image.count else {
      throw place.error("\(count) entries of \(size) bytes are more than the file has")
    }
    return product
  }
}
