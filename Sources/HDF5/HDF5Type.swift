/// How a dataset's numbers are stored.
package struct HDF5Type: Hashable, Sendable, CustomStringConvertible {
  package enum Format: String, Sendable, CaseIterable {
    case float16, float32, float64, bfloat16
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    /// h5py's enumeration of FALSE and TRUE.
    case bool
  }

  package var format: Format
  package var isBigEndian: Bool

  package init(_ format: Format, isBigEndian: Bool = false) {
    self.format = format
    self.isBigEndian = isBigEndian
  }

  /// Bytes of one number.
  package var size: Int {
    switch format {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  package var description: String { format.rawValue + (isBigEndian && size > 1 ? " (big-endian)" : "") }
}
