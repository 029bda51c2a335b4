import Files
import Foundation
import ModelGraph
import Testing

@testable import HDF5

/// Opens a file and reads all of it.
private func readAll(_ bytes: [UInt8], _ limits: HDF5Limits = HDF5Limits()) throws(HDF5Error) {
  for dataset in try HDF5File(FileBytes(bytes), limits: limits).root.allDatasets { _ = try dataset.values() }
}

/// What the reader finds behind a wrong checksum, too.
private func uncheckedLimits() -> HDF5Limits {
  var limits = HDF5Limits()
  limits.verifiesChecksums = false
  return limits
}

@Suite("A hostile or damaged file")
struct HostileFileTests {
  private static let small = [
    "compact-earliest.h5", "compact-latest.h5", "unwritten-latest.h5", "implicit-chunks.h5",
    "refused-soft-link-latest.h5",
  ]

  @Test(arguments: small)
  func `That is cut short anywhere gives an error`(name: String) throws {
    let bytes = try Fixture(name).bytes
    for count in 0..<bytes.count {
      #expect(throws: HDF5Error.self) { try readAll(Array(bytes[..<count])) }
    }
  }

  @Test(arguments: small)
  func `With any byte changed gives an error or a value`(name: String) throws {
    var bytes = try Fixture(name).bytes
    var errors = 0
    for index in bytes.indices {
      for mask in [0x01, 0x80, 0xff] as [UInt8] {
        bytes[index] ^= mask
        do throws(HDF5Error) { try readAll(bytes, uncheckedLimits()) } catch { errors += 1 }
        bytes[index] ^= mask
      }
    }
    #expect(errors > 30)
  }

  @Test(arguments: Expected.read)
  func `With random changes gives an error or a value`(name: String) throws {
    let bytes = try Fixture(name).bytes
    var random = SplitMix64(seed: 1)
    for _ in 0..<40 {
      var mutant = bytes
      for _ in 0...random.next() % 4 {
        let index = Int(random.next() % UInt64(bytes.count))
        mutant[index] = [0, 1, 0xff, UInt8(truncatingIfNeeded: random.next())][Int(random.next() % 4)]
      }
      try? readAll(mutant, uncheckedLimits())
    }
  }

  @Test func `With a wrong checksum is refused`() throws {
    let bytes = try Fixture("groups-latest.h5").bytes
    for signature in ["OHDR", "FRHP", "FHDB", "BTHD", "BTLF"] {
      var damaged = bytes
      let start = try #require(bytes.indices.first { bytes[$0...].starts(with: signature.utf8) })
      // Far enough from the beginning to be no field that is checked for itself.
      damaged[start + 20] ^= 0x40
      let error = #expect(throws: HDF5Error.self) { try readAll(damaged) }
      #expect(error?.reason.contains("checksum") == true, "\(signature): \(String(describing: error))")
    }
    #expect(Lookup3.checksum(Array("Four score and seven years ago".utf8)) == 0x1777_0551)
  }

  @Test func `Whose chunks are damaged is refused when they are read`() throws {
    let bytes = try Fixture("chunked-earliest.h5").bytes
    for (name, word) in [("deflate", "H5Z_FILTER_DEFLATE"), ("checksum", "H5Z_FILTER_FLETCHER32")] {
      let dataset = try #require(try Fixture("chunked-earliest.h5").open().root.dataset(at: name))
      guard case .chunked(let layout) = dataset.layout else { return #expect(Bool(false), "is chunked") }
      var reader = FileReader(dataset.file)
      let grid = ChunkGrid(layout: layout, space: dataset.space, hasFilters: true, path: name)
      let chunk = try #require(try reader.chunks(grid).first)
      var damaged = bytes
      damaged[chunk.address + 8] ^= 0x10
      let file = try HDF5File(FileBytes(damaged))
      let error = #expect(throws: HDF5Error.self) { try file.root.dataset(at: name)?.values() }
      #expect(error.map { "\($0)".contains(word) } == true, "\(String(describing: error))")
    }
  }

  @Test func `Never exceeds the caller's limits`() throws {
    func error(_ name: String, _ change: (inout HDF5Limits) -> Void) throws -> String {
      var limits = HDF5Limits()
      change(&limits)
      let error = #expect(throws: HDF5Error.self) { try Fixture(name).open(limits) }
      return String(describing: error)
    }
    #expect(try error("groups-earliest.h5") { $0.objects = 25 }.contains("limit of 25 objects"))
    #expect(try error("groups-earliest.h5") { $0.values = 20 }.contains("limit of 20 values"))
    #expect(try error("groups-earliest.h5") { $0.depth = 2 }.contains("more than 2 deep"))
    #expect(try error("huge-attribute.h5") { $0.attributeBytes = 60000 }.contains("limit of 60000 bytes"))
  }

  /// HDF5 gives the fill value for what was never written.
  @Test func `Allocates nothing for values that it cannot hold`() throws {
    var bytes = try Fixture("unwritten-earliest.h5").bytes
    // The dimensions of the first dataset: 2 by 3.
    let place = try #require(
      bytes.indices.first { bytes[$0...].starts(with: [2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]) })
    bytes[place + 3] = 1
    let error = #expect(throws: HDF5Error.self) { try readAll(bytes) }
    #expect(error?.reason.contains("more than a file of") == true, "\(String(describing: error))")
  }

  @Test func `That is empty gives an error`() {
    #expect(throws: HDF5Error.self) { try readAll([]) }
  }

  @Test func `Cannot write to the terminal through a message`() {
    let error = HDF5Error(path: "a\u{1b}[2J", structure: "group", reason: "contains itself")
    #expect("\(error)" == "HDF5 object \"a\\u{1B}[2J\", group: contains itself")
  }
}
