import Files

/// Where a zip file's directory lies: as its end record says, or the larger record of Zip64 before it, which PyTorch writes
/// for files of any size.
struct ZipDirectory {
  let count: Int
  let start: Int
  let end: Int

  /// - Parameter end: Where the end record is.
  init(_ bytes: FileBytes, endRecord end: Int) throws(ImportError) {
    func number(_ offset: Int, _ width: Int) -> Int { Int(clamping: bytes.number(at: offset, width: width) ?? 0) }
    let size: Int
    let disks: [Int]
    let counts: [Int]
    if end >= 20, number(end - 20, 4) == 0x0706_4b50 {
      let record = number(end - 12, 8)
      guard record <= end - 76, number(record, 4) == 0x0606_4b50, number(record + 4, 8) == end - 32 - record else {
        throw .archive(entry: nil, reason: "its Zip64 record at \(record) is missing")
      }
      disks = [number(record + 16, 4), number(record + 20, 4)]
      counts = [number(record + 24, 8), number(record + 32, 8)]
      size = number(record + 40, 8)
      start = number(record + 48, 8)
      self.end = record
    } else {
      disks = [number(end + 4, 2), number(end + 6, 2)]
      counts = [number(end + 8, 2), number(end + 10, 2)]
      size = number(end + 12, 4)
      start = number(end + 16, 4)
      self.end = end
    }
    count = counts[0]
    guard disks == [0, 0], counts[0] == counts[1] else {
      throw .archive(entry: nil, reason: "part of an archive that spans several files")
    }
    guard start <= self.end, size == self.end - start else {
      throw .archive(entry: nil, reason: "its directory of \(size) bytes at \(start) does not end at \(self.end)")
    }
    guard count <= size / 46 else { throw .archive(entry: nil, reason: "claims \(count) entries in \(size) bytes") }
  }

  /// A directory record's sizes and offset: those that do not fit 32 bits are in its extra field; nil where they are not.
  static func wideNumbers(
    _ bytes: FileBytes, record: Int, extra: Range<Int>
  ) -> (compressedSize: Int, size: Int, headerOffset: Int)? {
    func number(_ offset: Int, _ width: Int) -> Int { Int(clamping: bytes.number(at: offset, width: width) ?? 0) }
    var numbers = [24, 20, 42].map { number(record + $0, 4) }
    guard numbers.contains(0xffff_ffff) else { return (numbers[1], numbers[0], numbers[2]) }
    var place = extra.lowerBound
    while place + 4 <= extra.upperBound {
      let end = place + 4 + number(place + 2, 2)
      guard end <= extra.upperBound else { return nil }
      if number(place, 2) == 1 {
        place += 4
        for index in numbers.indices where numbers[index] == 0xffff_ffff {
          guard place + 8 <= end else { return nil }
          numbers[index] = number(place, 8)
          place += 8
        }
        return (numbers[1], numbers[0], numbers[2])
      }
      place = end
    }
    return nil
  }
}
