import Files
import Foundation
import Testing

@testable import HDF5

@Suite("What h5py wrote")
struct AgreementTests {
  @Test(arguments: Expected.read)
  func `Is read as h5py reads it`(name: String) throws {
    let expected = try #require(Expected.all[name])
    let root = try Fixture(name).open().root
    #expect(root.allGroups.map(\.path).sorted() == expected.groups)
    #expect(Set(root.allDatasets.map(\.path)) == Set(try #require(expected.datasets).keys))
    for dataset in root.allDatasets { try check(dataset, expected.datasets![dataset.path]!, name) }
    for object in [root] + root.allGroups { check(object.attributes, expected.attributes?[object.path], object.path) }
  }

  private func check(_ dataset: HDF5Dataset, _ expected: Expected.Dataset, _ name: String) throws {
    #expect(dataset.dimensions == expected.dimensions, "\(dataset.path)")
    #expect(dataset.type.format.rawValue == expected.type, "\(dataset.path)")
    #expect(dataset.type.isBigEndian == expected.isBigEndian, "\(dataset.path)")
    #expect(try dataset.values().map(\.bitPattern) == expected.floats.map(\.bitPattern), "\(dataset.path)")
    #expect(try dataset.bytes().count == dataset.count * dataset.type.size)
    check(dataset.attributes, Expected.all[name]!.attributes?[dataset.path], dataset.path)
  }

  private func check(
    _ attributes: [String: HDF5Attribute], _ expected: [String: Expected.Attribute]?, _ path: String
  ) {
    #expect(Set(attributes.keys) == Set((expected ?? [:]).keys), "\(path)")
    for (name, value) in expected ?? [:] {
      #expect(attributes[name]?.dimensions == value.dimensions, "\(path)@\(name)")
      if let strings = value.strings { #expect(attributes[name]?.strings == strings, "\(path)@\(name)") }
      if let numbers = value.numbers { #expect(attributes[name]?.numbers == numbers.map(\.value), "\(path)@\(name)") }
    }
  }

  @Test(arguments: Expected.refused)
  func `Is refused by its HDF5 name where it is not read`(name: String) throws {
    let expected = try #require(Expected.all[name]?.refused)
    let error = #expect(throws: HDF5Error.self) { try Fixture(name).open() }
    #expect(error?.path == expected.path)
    #expect(error.map { "\($0)".contains(expected.words) } == true, "\(String(describing: error))")
  }

  @Test func `Is found in a part of a larger file, without a copy`() throws {
    let bytes = try Fixture("numbers-earliest.h5").bytes
    let archive = FileBytes([UInt8](repeating: 7, count: 777) + bytes + [1, 2, 3])
    let file = try HDF5File(try #require(archive.slice(at: 777, count: bytes.count)))
    let dataset = try #require(file.root.dataset(at: "little/f4"))
    let address = try unsafe dataset.withBytes { unsafe $0.baseAddress.map(Int.init(bitPattern:)) }
    let start = unsafe archive.withUnsafeBytes { unsafe $0.baseAddress.map(Int.init(bitPattern:)) }
    #expect((1..<bytes.count).contains(try #require(address) - (try #require(start)) - 777))
    let same = try Fixture("numbers-earliest.h5").open().root.dataset(at: "little/f4")
    #expect(try dataset.values() == same?.values())
  }

  @Test func `Is read from a path while the dataset lives, and from a pipe`() throws {
    func dataset(_ path: String) throws -> HDF5Dataset? {
      try HDF5File(FileMemory(path: path, limit: 1 << 20).bytes).root.dataset(at: "a/b/c/d")
    }
    #expect(try dataset(Fixture.path(of: "groups-latest.h5"))?.values() == [1])
    let pipe = Pipe()
    let bytes = try Fixture("groups-latest.h5").bytes
    Thread.detachNewThread {
      pipe.fileHandleForWriting.write(Data(bytes))
      try? pipe.fileHandleForWriting.close()
    }
    #expect(try dataset("/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")?.values() == [1])
  }

  @Test func `Leaves out what the caller skips at the root, and only there`() throws {
    let bytes = FileBytes(try Fixture("refused-soft-link-earliest.h5").bytes)
    #expect(try HDF5File(bytes, skipping: ["g"]).root.groups.isEmpty)
    #expect(throws: HDF5Error.self) { try HDF5File(bytes, skipping: ["soft"]) }
  }

  @Test func `Gives half floats exactly`() {
    for bits in UInt16.min...UInt16.max {
      let expected = Float16(bitPattern: bits)
      let value = Float(halfBitPattern: bits)
      #expect(expected.isNaN ? value.isNaN : value == Float(expected) && value.sign == expected.sign)
    }
  }
}
