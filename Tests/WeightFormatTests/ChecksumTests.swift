import CZlib
import Testing

@testable import WeightFormat

@Suite("Checksums")
struct ChecksumTests {
  @Test func `Both ways give zlib's CRC-32 for all lengths, unaligned starts and any previous checksum`() {
    let bytes = (0..<1200).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31 &+ $0 >> 3) }
    unsafe bytes.withUnsafeBytes { bytes in
      for length in 0...1100 {
        let start = length % 67
        let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
        let previous = UInt32(truncatingIfNeeded: length &* 0x9e37_79b9)
        let expected = unsafe UInt32(crc32_z(uLong(previous), part.bindMemory(to: UInt8.self).baseAddress!, part.count))
        #expect(unsafe Checksum.of(part, after: previous) == expected, "\(length) bytes")
      }
    }
  }

  @Test func `The check value of CRC-32`() {
    #expect(Checksum.of(Array("123456789".utf8)) == 0xcbf4_3926)
    #expect(Checksum.of([]) == 0)
  }

  @Test func `The checksum of two pieces comes from theirs`() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for cut in [0, 1, 63, 500, 1000] {
      let combined = Checksum.combining(
        Checksum.of(Array(bytes[..<cut])), Checksum.of(Array(bytes[cut...])), length: bytes.count - cut)
      #expect(combined == Checksum.of(bytes))
    }
  }
}
