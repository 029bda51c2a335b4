import Files
import Foundation
import ModelGraph
import Runtime
import SmallModel
import Testing
import WeightFormat
import Xception

/// Classifiers that start from packed weights which another one kept.
struct WeightCacheTests {
  private let model: SmallModel
  private let folder: URL
  private let cache: WeightCache

  init() throws {
    model = try SmallModel.shared.get()
    folder = FileManager.default.temporaryDirectory.appending(path: "cache-\(UUID().uuidString)")
    cache = WeightCache(path: folder.path, leastByteCount: 0)
    Self.settle(model.file)
  }

  /// Waits until a further change of a file would show.
  private static func settle(_ file: URL) {
    while let identity = try? FileStatus(of: file.path).identity, !identity.isSettled { usleep(50_000) }
  }

  private func classifier(
    _ precision: Precision? = nil, _ set: InstructionSet? = nil, file: URL? = nil, cache: WeightCache? = nil
  ) throws -> Classifier {
    try Classifier(
      contentsOf: file ?? model.file,
      options: .init(instructionSet: set?.rawValue, precision: precision, cache: cache ?? self.cache))
  }

  private func answer(_ classifier: Classifier) throws -> [Float] {
    let classification = try classifier.classification(of: .file(model.photos[0]))
    return classification.probabilities + classification.features
  }

  private var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  }

  @Test(arguments: InstructionSet.supported, [nil, Precision.float32, .bfloat16, .int8])
  func `What is computed from kept weights is bitwise what was computed before`(
    set: InstructionSet, precision: Precision?
  ) throws {
    let first = try classifier(precision, set)
    #expect(!first.network.isFromCache)
    let expected = try answer(first)
    #expect(first.fillCache())
    let second = try classifier(precision, set)
    #expect(second.network.isFromCache)
    #expect(try answer(second) == expected)
    #expect(second.precision == first.precision)
    #expect(try answer(classifier(precision, set, cache: WeightCache(path: "/nowhere"))) == expected)
  }

  @Test func `Each precision, instruction set and choice of products has its own`() throws {
    var count = 0
    for set in InstructionSet.supported {
      for precision in [Precision.float32, .bfloat16, .int8] {
        let classifier = try classifier(precision, set)
        #expect(!classifier.network.isFromCache && classifier.fillCache())
        count += 1
      }
    }
    if [.amx, .avx512bf16].contains(InstructionSet.best) {
      let options = Classifier.Options(
        precision: .bfloat16, bfloat16Products: !InstructionSet.best.multipliesBFloat16Fast, cache: cache)
      let other = try Classifier(contentsOf: model.file, options: options)
      #expect(!other.network.isFromCache && other.fillCache())
      count += 1
    }
    #expect(names.count == count)
    // The weights are fp32, so that is what they are stored for.
    #expect(try classifier().network.isFromCache)
  }

  @Test func `Without a cache, and of a model in memory, nothing is kept`() throws {
    #expect(try !Classifier(contentsOf: model.file).fillCache())
    #expect(
      try !Classifier(SmallModel.model(), named: "memory", options: .init(cache: cache)).fillCache())
    #expect(names.isEmpty)
  }

  @Test func `Damaged, it is packed anew, with the same answers, and replaced`() throws {
    let first = try classifier()
    let expected = try answer(first)
    #expect(first.fillCache())
    let path = folder.appending(path: try #require(names.first))
    let file = try FileHandle(forUpdating: path)
    try file.seek(toOffset: 1000)
    try file.write(contentsOf: Data(repeating: 0xff, count: 100))
    try file.close()
    let second = try classifier()
    #expect(!second.network.isFromCache)
    #expect(try answer(second) == expected)
    #expect(second.fillCache())
    let third = try classifier()
    #expect(third.network.isFromCache)
    #expect(try answer(third) == expected)
    #expect(names.count == 1)
  }

  @Test func `Of a weights file that was changed in place or replaced, what was kept is not used`() throws {
    let file = folder.appendingPathExtension("xcw")
    let bytes = try WeightFile.bytes(of: SmallModel.model())
    try Data(bytes).write(to: file)
    Self.settle(file)
    #expect(try classifier(file: file).fillCache())
    #expect(try classifier(file: file).network.isFromCache)

    // The same bytes: whether they are, only reading them all could tell.
    let handle = try FileHandle(forUpdating: file)
    try handle.write(contentsOf: bytes.prefix(100))
    try handle.close()
    let touched = try classifier(file: file)
    #expect(!touched.network.isFromCache)
    #expect(!touched.fillCache(), "it could change again with the same times")
    Self.settle(file)
    #expect(try classifier(file: file).fillCache())
    #expect(names.count == 1, "the earlier one is replaced")

    try WeightFile.write(SmallModel.model(classes: 6, labels: []), to: file.path)
    Self.settle(file)
    let other = try classifier(file: file)
    #expect(!other.network.isFromCache && other.classCount == 6)
    #expect(other.fillCache())
    #expect(try classifier(file: file).network.isFromCache)
  }

  @Test func `A weights file that is changed while it is read is not kept`() throws {
    let file = folder.appendingPathExtension("xcw")
    try WeightFile.write(SmallModel.model(), to: file.path)
    Self.settle(file)
    let opened = try WeightFile(contentsOf: file.path)
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: file.path)
    #expect(!opened.isUnchanged)
  }

  @Test func `Those that were not used for longest make room`() throws {
    let precisions = [Precision.float32, .bfloat16, .int8]
    var sizes: [Int] = []
    for precision in precisions {
      #expect(try classifier(precision).fillCache())
      sizes.append(try names.reduce(0) { $0 + (try FileStatus(of: "\(folder.path)/\($1)").size) } - sizes.reduce(0, +))
      usleep(20_000)
    }
    // The first is used again, so the second is the oldest.
    #expect(try classifier(precisions[0]).network.isFromCache)
    usleep(20_000)
    let limited = WeightCache(path: folder.path, limit: sizes.reduce(0, +), leastByteCount: 0)
    let set = try #require(InstructionSet.supported.last)
    #expect(try classifier(.int8, set, cache: limited).fillCache())
    #expect(try classifier(precisions[0]).network.isFromCache)
    #expect(try !classifier(precisions[1]).network.isFromCache)
    let total = try names.reduce(0) { $0 + (try FileStatus(of: "\(folder.path)/\($1)").size) }
    #expect(total <= limited.limit)

    let none = WeightCache(path: folder.path, limit: 0, leastByteCount: 0)
    #expect(try !classifier(precisions[0], cache: none).network.isFromCache)
    #expect(try !classifier(precisions[0], cache: none).fillCache())
    let small = WeightCache(path: folder.path, limit: 1000, leastByteCount: 0)
    #expect(try !classifier(precisions[1], cache: small).fillCache())
  }

  @Test func `The limit is that of whole files, to the byte`() throws {
    let precisions = [Precision.float32, .int8]
    var sizes: [Int] = []
    for precision in precisions {
      #expect(try classifier(precision).fillCache())
      sizes.append(try names.reduce(0) { $0 + (try FileStatus(of: "\(folder.path)/\($1)").size) } - sizes.reduce(0, +))
    }
    func kept(within limit: Int, _ precisions: [Precision]) throws -> Int {
      let path = folder.path + "/\(limit)"
      for precision in precisions {
        _ = try classifier(precision, cache: WeightCache(path: path, limit: limit, leastByteCount: 0)).fillCache()
      }
      return (try? FileManager.default.contentsOfDirectory(atPath: path).count) ?? 0
    }
    #expect(try kept(within: sizes[0], [.float32]) == 1)
    #expect(try kept(within: sizes[0] - 1, [.float32]) == 0)
    #expect(try kept(within: sizes[0] + sizes[1], precisions) == 2)
    #expect(try kept(within: sizes[0] + sizes[1] - 1, precisions) == 1)
  }

  @Test func `Files that are not of the cache stay, and those that a killed process left go`() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let left = "0123456789abcdef.packed.tmp-0123456789abcdef"
    let others = ["0123456789abcdef.packet", "notes.txt", "0123456789abcdeg.packed"]
    for name in others + [left] { try Data(count: 1 << 20).write(to: folder.appending(path: name)) }
    let limited = WeightCache(path: folder.path, limit: 1 << 20, leastByteCount: 0)
    #expect(try classifier(cache: limited).fillCache())
    #expect(names.count == 4 && others.allSatisfy(names.contains) && !names.contains(left))
  }

  @Test func `Any number may be made ready and kept at once`() async throws {
    let expected = try answer(classifier())
    try await withThrowingTaskGroup(of: [Float].self) { group in
      for _ in 0..<12 {
        group.addTask {
          let classifier = try classifier()
          #expect(classifier.fillCache())
          return try answer(classifier)
        }
      }
      for try await answer in group { #expect(answer == expected) }
    }
    #expect(names.count == 1)
    #expect(try classifier().network.isFromCache)
  }

  @Test func `Where the folder cannot be made or written, the answers are the same`() throws {
    let expected = try answer(classifier())
    for path in ["/dev/null/cache", "/proc/cache", model.file.path] {
      let classifier = try classifier(cache: WeightCache(path: path, leastByteCount: 0))
      #expect(!classifier.fillCache())
      #expect(try answer(classifier) == expected)
    }
  }

  @Test(.enabled(if: getuid() == 0, "only the superuser can give a folder away"))
  func `Nothing is kept in a folder of another user's`() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.setAttributes([.ownerAccountID: 65534], ofItemAtPath: folder.path)
    let inside = WeightCache(path: folder.path + "/inside", leastByteCount: 0)
    for cache in [cache, inside] { #expect(try !classifier(cache: cache).fillCache()) }
    #expect(names.isEmpty)
  }

  @Test func `Weights that are packed as fast as they are read are not kept`() throws {
    #expect(try !classifier(cache: WeightCache(path: folder.path)).fillCache())
    #expect(names.isEmpty)
  }
}
