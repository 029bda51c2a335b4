/// The constants of version 1 of the format, in the order of the specification (`Formats/xcw.md`).
package enum FormatConstants {
  /// A byte above 0x7F, the name, and line ends of both kinds: a transfer that changes text breaks it (as PNG's does).
  package static let signature: [UInt8] = [0x89, 0x58, 0x43, 0x57, 0x0d, 0x0a, 0x1a, 0x0a]
  /// Stored as the bytes 01 02 03 04.
  package static let byteOrder: UInt32 = 0x0403_0201
  package static let version: UInt32 = 1
  package static let headerLength = 64
  package static let entryLength = 32
  /// Of sections in the file and of tensors in their section, in bytes.
  package static let alignment = 64
  package static let blockEntryLength = 20
  /// The bytes of a tensor's elements in each block but its last one.
  ///
  /// With 512 KiB a block, what a thread holds of it while it decodes stays in a second-level cache of 1 MiB. From
  /// 256 KiB to 4 MiB the compressed size of Xception's weights changes by less than 0.1 %.
  package static let blockLength = 512 * 1024
  /// The shortest plane that is deflated as four streams, which one thread inflates at the same time. A stream of 4 KiB has
  /// tables of about 2 % of its length.
  package static let leastQuarteredPlane = 16 * 1024
  /// What one byte of a deflate stream can expand to: a match of 258 bytes takes two bits at least.
  package static let greatestExpansion = 1032
  package static let tensorRank = 1...8

  /// The next multiple of `alignment`; the caller keeps the offset within a file's length.
  static func aligned(_ offset: Int) -> Int { (offset + (alignment - 1)) & ~(alignment - 1) }
}
