import CHDF5
import Foundation
import Testing

@testable import ModelImport

@Suite("The HDF5 reader")
struct HDF5ReaderTests {
  @Test("reads groups, numbers and names")
  func plain() throws {
    let root = try tree(
      of: try HDF5Writer.bytes { file in
        file.dataset("a/b/c", [2, 3], [1, 2, 3, 4, 5, 6])
        file.attribute("names", of: "a", ["one", "three", ""])
        file.attribute("none", of: "a", [])
      })
    #expect(root.dataset(at: "a/b/c")?.dimensions == [2, 3])
    #expect(root.dataset(at: "a/b/c")?.values == [1, 2, 3, 4, 5, 6])
    #expect(root.groups["a"]?.attributes == ["names": ["one", "three", ""], "none": []])
    #expect(root.allDatasets.map(\.path) == ["a/b/c"])
  }

  @Test("never follows a link to a path or to another file")
  func links() throws {
    let soft = try HDF5Writer.bytes { file in
      #expect(H5Lcreate_soft("/etc", file.file, "soft", chdf5_default(), chdf5_default()) >= 0)
    }
    let external = try HDF5Writer.bytes { file in
      #expect(H5Lcreate_external("/etc/other.h5", "/", file.file, "out", chdf5_default(), chdf5_default()) >= 0)
    }
    let reason = "a link to a path or to another file; these are never followed"
    #expect(throws: ImportError.hdf5(path: "soft", reason: reason)) { try tree(of: soft) }
    #expect(throws: ImportError.hdf5(path: "out", reason: reason)) { try tree(of: external) }
  }

  @Test("never reads numbers from another file")
  func externalStorage() throws {
    let external = try HDF5Writer.bytes { file in
      let creation = H5Pcreate(chdf5_dataset_creation_class())
      defer { H5Pclose(creation) }
      #expect(H5Pset_external(creation, "/etc/passwd", 0, 16) >= 0)
      file.dataset("x", [4], nil, creation: creation)
    }
    #expect(throws: ImportError.hdf5(path: "x", reason: "stored in another file; these are never followed")) {
      try tree(of: external)
    }
    let virtual = try HDF5Writer.bytes { file in
      let creation = H5Pcreate(chdf5_dataset_creation_class())
      let space = H5Screate_simple(1, [4], nil)
      defer {
        H5Pclose(creation)
        H5Sclose(space)
      }
      #expect(H5Pset_virtual(creation, space, "/etc/other.h5", "x", space) >= 0)
      file.dataset("x", [4], nil, creation: creation)
    }
    #expect(throws: ImportError.hdf5(path: "x", reason: "a storage layout that may lead to other files")) {
      try tree(of: virtual)
    }
  }

  /// HDF5 gives the fill value for what was never written: 4 GB from a file of 2 KB.
  @Test("allocates nothing for arrays that the file does not hold")
  func bombs() throws {
    let unwritten = try HDF5Writer.bytes { $0.dataset("x", [1 << 15, 1 << 12], nil) }
    #expect(throws: ImportError.hdf5(path: "x", reason: "stores 0 bytes, expected 536870912 inside the file")) {
      try tree(of: unwritten)
    }
    let chunked = try HDF5Writer.bytes { file in
      let creation = H5Pcreate(chdf5_dataset_creation_class())
      defer { H5Pclose(creation) }
      H5Pset_chunk(creation, 2, [1024, 1024])
      H5Pset_deflate(creation, 9)
      file.dataset("x", [1 << 14, 1 << 13], nil, creation: creation)
    }
    #expect(throws: ImportError.hdf5(path: "x", reason: "stores 0 bytes, too few for 536870912")) {
      try tree(of: chunked)
    }
    let many = try HDF5Writer.bytes { $0.dataset("x", [1 << 16, 1 << 16], nil) }
    #expect(throws: ImportError.self) { try tree(of: many) }
    let small = try HDF5Writer.bytes { $0.dataset("x", [8], [1, 2, 3, 4, 5, 6, 7, 8]) }
    #expect(throws: ImportError.self) { try tree(of: small, limits: ImportLimits(parameters: 7)) }
  }

  @Test("says what libhdf5 says about a file that is cut short")
  func truncated() throws {
    let bytes = try HDF5Writer.bytes { $0.dataset("a/b", [64], Array(repeating: 1, count: 64)) }
    for count in stride(from: 0, to: bytes.count, by: 37) {
      #expect(throws: ImportError.self) { try tree(of: Array(bytes[..<count])) }
    }
    #expect {
      try tree(of: Array(bytes[..<600]))
    } throws: {
      "\($0)".contains("truncated")
    }
  }

  /// h5py writes names of variable length, which libhdf5 would read out of bounds.
  @Test("refuses a global heap whose sizes lie")
  func heap() throws {
    let bytes = try Fixture("sequential.h5").bytes
    let heap = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("GCOL".utf8)) })
    for (offset, value) in [(8, 0xff as UInt8), (24, 0xff), (24, 0), (31, 0x80), (31, 0x7f), (15, 0x80), (0, 0)] {
      var damaged = bytes
      damaged[heap + offset] = value
      let error = #expect(throws: ImportError.self) { try tree(of: damaged) }
      #expect("\(String(describing: error))".contains("global heap"), "\(offset): \(String(describing: error))")
    }
  }
}
