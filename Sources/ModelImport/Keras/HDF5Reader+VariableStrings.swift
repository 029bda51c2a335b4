import CHDF5

/// Strings of variable length lie in the file's global heap (HDF5 File Format Specification 3.0, section III.E).
///
/// The heap is read here because libhdf5 (1.10) trusts it: it allocates whatever length a reference claims, and reads
/// and frees out of bounds where an object's size is wrong.
extension HDF5Reader {
  /// Where a string is: 4 bytes of length, 8 of a collection's address and 4 of an object's index in it.
  private static let referenceSize = 16

  func readVariableStrings(
    _ attribute: hid_t, _ type: hid_t, count: Int, path: String
  ) throws(ImportError) -> [String] {
    let stored = Int(clamping: H5Aget_storage_size(attribute))
    guard stored == count * Self.referenceSize, stored <= image.count else {
      throw .hdf5(path: path, reason: "\(count) variable strings in \(stored) bytes, expected 16 each")
    }
    var references = [UInt8](repeating: 0, count: stored)
    let status = references.withUnsafeMutableBytes {
      chdf5_read_references(attribute, type, Self.referenceSize, $0.baseAddress)
    }
    try check(status, path)
    var heap = GlobalHeap(image: image, base: userBlockSize)
    var strings: [String] = []
    for start in stride(from: 0, to: stored, by: Self.referenceSize) {
      let (length, address, index) = references[start...].withUnsafeBytes {
        (
          $0.number(at: 0, as: UInt32.self), $0.number(at: 4, as: UInt64.self), $0.number(at: 12, as: UInt32.self)
        )
      }
      strings.append(length == 0 ? "" : try heap.string(Int(length), at: address, index, path: path))
    }
    return strings
  }
}

/// The collections of a file's global heap, each read once.
private struct GlobalHeap {
  let image: UnsafeRawBufferPointer
  /// What addresses count from.
  let base: Int
  private var collections: [UInt64: [UInt32: Range<Int>]] = [:]
  private var remainingObjects = 1 << 20

  init(image: UnsafeRawBufferPointer, base: Int) {
    self.image = image
    self.base = base
  }

  mutating func string(
    _ length: Int, at address: UInt64, _ index: UInt32, path: String
  ) throws(ImportError) -> String {
    if collections[address] == nil { collections[address] = try collection(at: address, path: path) }
    guard let object = collections[address]?[index], length <= object.count else {
      throw .hdf5(path: path, reason: "its string of \(length) bytes is not in the global heap")
    }
    let bytes = image[object.lowerBound..<object.lowerBound + length].prefix { $0 != 0 }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .hdf5(path: path, reason: "not UTF-8") }
    return text
  }

  /// The objects of a collection: a header of 16 bytes, then each object with one of its own, to a multiple of 8.
  private mutating func collection(at address: UInt64, path: String) throws(ImportError) -> [UInt32: Range<Int>] {
    let damaged = ImportError.hdf5(path: path, reason: "the global heap at \(address) is damaged")
    guard let relative = Int(exactly: address), relative <= image.count - base - 16 else { throw damaged }
    let start = base + relative
    guard image[start..<start + 4].elementsEqual("GCOL".utf8), image[start + 4] == 1,
      let size = Int(exactly: image.number(at: start + 8, as: UInt64.self)), size >= 16, size <= image.count - start
    else { throw damaged }
    var objects: [UInt32: Range<Int>] = [:]
    var offset = start + 16
    while start + size - offset >= 16 {
      let index = image.number(at: offset, as: UInt16.self)
      // Number 0 is the free space at the end.
      if index == 0 { break }
      let contents = offset + 16
      remainingObjects -= 1
      guard remainingObjects >= 0, let count = Int(exactly: image.number(at: offset + 8, as: UInt64.self)),
        count <= start + size - contents,
        objects.updateValue(contents..<contents + count, forKey: UInt32(index)) == nil
      else { throw damaged }
      offset = contents + (count + 7) / 8 * 8
    }
    return objects
  }
}

extension UnsafeRawBufferPointer {
  /// A little-endian number; the caller has checked the offset.
  fileprivate func number<Value: FixedWidthInteger>(at offset: Int, as: Value.Type) -> Value {
    Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
  }
}
