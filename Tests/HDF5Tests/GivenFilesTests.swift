import CZlib
import Files
import Foundation
import HDF5
import Testing

/// Files of which Tests/hdf5-files.py lists what h5py reads.
struct GivenFilesTests {
  private struct File: Decodable {
    var name: String
    /// Where its HDF5 file is, which a .keras file has inside.
    var path: String
    var arrays: [Array]

    struct Array: Decodable, Hashable {
      var path: String
      var dimensions: [Int]
      /// Bytes of one number.
      var size: Int
      /// CRC-32 of its bytes in the order of the file.
      var checksum: UInt
    }
  }

  private static let list = ProcessInfo.processInfo.environment["XCEPTION_HDF5_LIST"]

  @Test(.enabled(if: list != nil, "Tests/hdf5-files.py has listed none"))
  func `All arrays of the files that were given are what h5py reads`() throws {
    let list = try Data(contentsOf: URL(filePath: try #require(Self.list)))
    var (arrays, bytes) = (0, 0)
    let files = try JSONDecoder().decode([File].self, from: list)
    for file in files {
      do {
        let found = try HDF5File(FileMemory(path: file.path, limit: .max).bytes).root.allDatasets.map(Self.listed)
        let (missing, other) = (Set(file.arrays).subtracting(found), Set(found).subtracting(file.arrays))
        #expect(missing.isEmpty && other.isEmpty && found.count == file.arrays.count, "\(file.name)")
        arrays += found.count
        bytes += found.reduce(0) { $0 + $1.dimensions.reduce($1.size, *) }
      } catch {
        Issue.record("\(file.name): \(error)")
      }
    }
    print("\(files.count) files, \(arrays) arrays, \(bytes) bytes")
  }

  private static func listed(_ dataset: HDF5Dataset) throws -> File.Array {
    let checksum = try unsafe dataset.withBytes { bytes in
      unsafe crc32_z(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
    }
    return File.Array(
      path: dataset.path, dimensions: dataset.dimensions, size: dataset.type.size, checksum: UInt(checksum))
  }
}
