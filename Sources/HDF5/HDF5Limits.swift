/// What a file may ask for, checked before anything is allocated.
package struct HDF5Limits: Hashable, Sendable {
  /// Values of all datasets together.
  package var values = 1 << 31
  /// Groups and datasets together, an object with several links counted once for each.
  package var objects = 1 << 18
  /// How deep groups may be nested.
  package var depth = 64
  /// All attributes and the objects' paths together, as they are in memory.
  package var attributeBytes = 1 << 27

  /// Whether checksums of the file's structures must be right; a fuzzer turns this off, so that its changes get past them.
  package var verifiesChecksums = true

  package init() {}

  /// Deflate shrinks by 1,032 times at most, so that a file of `count` bytes holds no more than this.
  static func inflatedBytes(of count: Int) -> Int {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: 1032)
    return overflow ? .max : bytes
  }
}
