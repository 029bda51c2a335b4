import Foundation
import ModelGraph
import Optimizer
import Runtime
import SmallModel
import Testing
import Threads
import WeightFormat
import Xception

/// A file of packed weights is used where all of it is right, and else counts for nothing.
struct PackedWeightsFileTests {
  private static let key = "the key"
  private let pool = WorkerPool.shared()
  private let folder: URL
  private let path: String
  private let graph: Graph
  private let plan: Plan

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "packed-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.appending(path: "weights").path
    graph = try Optimizer.optimize(SmallModel.model().graph)
    plan = try Plan(graph, pool: pool)
    try write()
  }

  private func write() throws {
    try PackedWeightsFile.write(
      plan.packedWeights, structure: graph.structure(), key: Self.key, to: path, pool: pool)
  }

  private func read(_ key: String = key) -> PackedWeightsFile? { PackedWeightsFile(at: path, key: key, pool: pool) }

  private func bytes() throws -> Data { try Data(contentsOf: URL(filePath: path)) }

  /// Changes the file in place, so that it stays this user's.
  private func overwrite(_ bytes: Data) throws {
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.truncate(atOffset: UInt64(bytes.count))
    try file.seek(toOffset: 0)
    try file.write(contentsOf: bytes)
    try file.close()
  }

  @Test func `What was written is read`() throws {
    let file = try #require(read())
    #expect(file.weights.fingerprint == plan.packedWeights.fingerprint)
    #expect(file.weights.memory.bytes.elementsEqual(plan.packedWeights.memory.bytes))
    #expect(try file.graph.structure() == graph.structure())
    #expect(try Plan(file.graph, packed: file.weights, pool: pool).weightByteCount == plan.weightByteCount)
    #expect(throws: (any Error).self) { try Plan(file.graph, pool: pool) }
  }

  @Test func `Of another key there is none`() throws {
    for key in ["", "the kez", "the key ", "the ke"] { #expect(read(key) == nil) }
    #expect(read() != nil)
  }

  @Test func `With any byte changed it counts for nothing`() throws {
    let whole = try bytes()
    let block = plan.weightByteCount
    // All of what comes after the weights, and weights here and there.
    let places = Array(stride(from: 0, to: block, by: 4999)) + Array(block..<whole.count)
    let file = try FileHandle(forUpdating: URL(filePath: path))
    func put(_ byte: UInt8, at place: Int) throws {
      try file.seek(toOffset: UInt64(place))
      try file.write(contentsOf: [byte])
    }
    for place in places {
      try put(whole[place] ^ (1 << (place % 8)), at: place)
      #expect(read() == nil, "byte \(place) of \(whole.count)")
      try put(whole[place], at: place)
    }
    #expect(read() != nil)
  }

  @Test func `Cut short anywhere, or with more at its end, it counts for nothing`() throws {
    let whole = try bytes()
    let block = plan.weightByteCount
    let lengths = Array(stride(from: 0, to: block, by: 9973)) + Array(stride(from: block, to: whole.count, by: 7))
    for length in lengths.reversed() {
      try overwrite(whole.prefix(length))
      #expect(read() == nil, "\(length) of \(whole.count) bytes")
    }
    try overwrite(whole + Data(count: 1))
    #expect(read() == nil)
    try overwrite(Data(count: 64) + whole)
    #expect(read() == nil)
    try overwrite(whole)
    #expect(read() != nil)
  }

  @Test func `Lengths that add up beyond what numbers hold are refused`() throws {
    let whole = try bytes()
    for field in 1...3 {
      for value in [UInt64.max, 1 << 63, UInt64(Int.max), 1 << 40, 0] {
        var bytes = whole
        let ending = bytes.count - PackedWeightsFile.endingLength
        withUnsafeBytes(of: value) { bytes.replaceSubrange(ending + 8 * field..<ending + 8 * field + 8, with: $0) }
        let checksum = UInt64(Checksum.of([UInt8](bytes[ending..<ending + 56])))
        withUnsafeBytes(of: checksum) { bytes.replaceSubrange(ending + 56..<ending + 64, with: $0) }
        try overwrite(bytes)
        #expect(read() == nil, "field \(field): \(value)")
      }
    }
  }

  @Test func `A file that others may read or write, a link, a folder and a pipe are not trusted`() throws {
    let url = URL(filePath: path)
    for permissions in [0o640, 0o604, 0o620, 0o602, 0o666] {
      try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
      #expect(read() == nil)
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    #expect(read() != nil)
    if getuid() == 0 {
      try FileManager.default.setAttributes([.ownerAccountID: 65534], ofItemAtPath: path)
      #expect(read() == nil)
      try FileManager.default.setAttributes([.ownerAccountID: 0], ofItemAtPath: path)
    }
    let other = folder.appending(path: "other")
    try FileManager.default.moveItem(at: url, to: other)
    try FileManager.default.createSymbolicLink(at: url, withDestinationURL: other)
    #expect(read() == nil)
    try FileManager.default.removeItem(at: url)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    #expect(read() == nil)
    try FileManager.default.removeItem(at: url)
    #expect(mkfifo(path, 0o600) == 0)
    #expect(read() == nil)
    try FileManager.default.removeItem(at: url)
    #expect(read() == nil)
  }

  @Test func `What is written is its owner's alone, whatever was there before`() throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
    try write()
    let permissions = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(permissions == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["weights"])
    #expect(read() != nil)
  }

  @Test func `One that is mapped stays as it was when another takes its place or it is removed`() throws {
    let file = try #require(read())
    try write()
    try FileManager.default.removeItem(atPath: path)
    #expect(file.weights.memory.bytes.elementsEqual(plan.packedWeights.memory.bytes))
  }
}
