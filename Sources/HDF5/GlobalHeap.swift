import Files

/// A collection of the global heap, which holds strings of variable length: its objects by number.
struct GlobalHeapCollection {
  var objects: [Int: FileBytes] = [:]
}

extension FileReader {
  mutating func string(_ length: Int, at address: Int, _ index: Int, _ place: Place) throws(HDF5Error) -> String {
    let collection: GlobalHeapCollection
    if let known = collections[address] {
      collection = known
    } else {
      collection = try globalHeapCollection(at: address, of: place.path)
      collections[address] = collection
    }
    guard let object = collection.objects[index], let bytes = object.slice(at: 0, count: length) else {
      throw place.error(
        "its string of \(length) bytes is not object \(index) of the global heap collection at \(address)")
    }
    guard let text = bytes.text else { throw place.error("not UTF-8") }
    return text
  }

  /// Objects follow one another, each with a header of 8 bytes and a length, padded to a multiple of 8.
  private mutating func globalHeapCollection(at address: Int, of path: String) throws(HDF5Error) -> GlobalHeapCollection
  {
    let structure = "global heap collection"
    let headerSize = 8 + file.widths.length
    var header = try fields(structure, at: address, count: headerSize, of: path)
    try header.signature("GCOL")
    _ = try header.version(1...1)
    try header.skip(3)
    let size = try header.length()
    guard size >= headerSize else { throw header.error("has \(size) bytes, fewer than its header") }
    var contents = try fields(structure, at: address, count: size, of: path)
    try contents.skip(headerSize)
    try contents.align()
    var collection = GlobalHeapCollection()
    while contents.remaining >= headerSize {
      let index = try contents.short()
      // Number 0 is the free space at the end.
      if index == 0 { break }
      try contents.skip(6)
      let length = try contents.length()
      let object = try contents.take(length)
      guard collection.objects.updateValue(object, forKey: index) == nil else {
        throw contents.error("its object \(index) appears twice")
      }
      try contents.skip(min((8 - length % 8) % 8, contents.remaining))
    }
    return collection
  }
}
