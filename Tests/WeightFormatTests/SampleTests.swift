import Foundation
import ModelGraph
import Testing

@testable import WeightFormat

/// The committed samples; with `XCW_REGENERATE` in the environment they are written anew.
@Suite("Samples")
struct SampleTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Formats/samples")

  /// What reading a file all through gives, as the list says it: the fault, the place, and the message.
  static func outcome(_ bytes: [UInt8]) -> [String] {
    do throws(WeightFormatError) {
      try WeightFile(bytes: bytes).verifyContents()
      return ["valid", "-", "-", "-"]
    } catch {
      return [error.fault.rawValue, error.section ?? "-", error.offset.map(String.init) ?? "-", error.description]
    }
  }

  static let regenerates = ProcessInfo.processInfo.environment["XCW_REGENERATE"] != nil

  @Test(.enabled(if: regenerates))
  func `Writing the samples anew`() throws {
    var list = "file\tfault\tsection\tbyte\tmessage\n"
    try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
    for sample in Sample.all {
      let bytes = try sample.make()
      try Data(bytes).write(to: Self.folder.appending(path: "\(sample.name).xcw"))
      list += (["\(sample.name).xcw"] + Self.outcome(bytes)).joined(separator: "\t") + "\n"
    }
    try Data(list.utf8).write(to: Self.folder.appending(path: "list.tsv"))
  }

  @Test(arguments: Sample.all.indices)
  func `Every sample has the fault and the section that it is named for`(index: Int) throws {
    let sample = Sample.all[index]
    let outcome = Self.outcome(try sample.make())
    #expect(outcome[0] == sample.fault?.rawValue ?? "valid", "\(sample.name): \(outcome)")
    #expect(outcome[1] == sample.section?.description ?? "-", "\(sample.name): \(outcome)")
  }

  @Test func `The list names every file in the folder and gives the error of each`() throws {
    let list = try String(contentsOf: Self.folder.appending(path: "list.tsv"), encoding: .utf8)
    let rows = list.split(separator: "\n").dropFirst().map { $0.split(separator: "\t").map(String.init) }
    #expect(rows.map { $0[0] } == Sample.all.map { "\($0.name).xcw" })
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { $0.hasSuffix(".xcw") }
    #expect(Set(files) == Set(rows.map { $0[0] }))
    for row in rows {
      let path = Self.folder.appending(path: row[0])
      #expect(Self.outcome([UInt8](try Data(contentsOf: path))) == Array(row[1...]), "\(row[0])")
    }
  }

  @Test func `The committed samples are what the sample maker makes`() throws {
    for sample in Sample.all {
      let committed = [UInt8](try Data(contentsOf: Self.folder.appending(path: "\(sample.name).xcw")))
      let made = try sample.make()
      if committed == made { continue }
      // Another version of zlib may deflate to other bytes; what they hold must be the same.
      try #require(sample.fault == nil || sample.fault == .deflate, "\(sample.name) differs")
      if sample.fault != nil { continue }
      let (old, new) = (try WeightFile(bytes: committed), try WeightFile(bytes: made))
      #expect(old.model.metadata == new.model.metadata)
      #expect(old.model.graph.nodes == new.model.graph.nodes)
      for (old, new) in zip(old.model.graph.tensors, new.model.graph.tensors) {
        #expect(try old.bytes() == new.bytes(), "\(sample.name), \(old.name)")
      }
    }
  }
}
