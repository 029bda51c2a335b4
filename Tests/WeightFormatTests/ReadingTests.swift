import CTestSupport
import Dispatch
import Foundation
import ModelGraph
import Testing
import Threads
import WeightFormat

@Suite("Reading")
struct ReadingTests {
  @Test(arguments: WeightFile.StorageProfile.allCases)
  func `Any number of threads read the same tensors at once`(profile: WeightFile.StorageProfile) throws {
    try Folder.withTemporary { folder in
      let path = folder.path + "/model.xcw"
      let model = try SampleModels.small()
      try WeightFile.write(model, to: path, profile: profile)
      let read = try WeightFile(contentsOf: path).model.graph.tensors
      let expected = try model.graph.tensors.map { try $0.bytes() }
      let wrong = Lock(0)
      DispatchQueue.concurrentPerform(iterations: 48) { index in
        let tensor = index % read.count
        if (try? read[tensor].bytes()) != expected[tensor] { wrong.withLock { $0 += 1 } }
      }
      #expect(wrong.withLock { $0 } == 0)
    }
  }

  @Test func `A process that may open five files at most writes and verifies one`() async {
    await #expect(processExitsWith: .success) {
      var limit = rlimit(rlim_cur: 5, rlim_max: 5)
      #if canImport(Glibc)
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { exit(2) }
      #else
        guard unsafe setrlimit(RLIMIT_NOFILE, &limit) == 0 else { exit(2) }
      #endif
      exit(ReadingTests.canVerify)
    }
  }

  @Test func `A child of a process that has read a file reads it too`() async {
    await #expect(processExitsWith: .success) {
      guard ReadingTests.canVerify == 0 else { exit(2) }
      exit(unsafe result_in_child({ _ in ReadingTests.canVerify }, nil))
    }
  }

  /// 0 where a file of many blocks is written and verified.
  private static var canVerify: Int32 {
    guard let model = try? SampleModels.severalBlocks(whole: 40), (try? WeightFile.bytes(of: model)) != nil else {
      return 1
    }
    return 0
  }

  @Test(arguments: WeightFile.StorageProfile.allCases)
  func `Tensors are aligned to 64 bytes and survive the file's removal`(profile: WeightFile.StorageProfile) throws {
    try Folder.withTemporary { folder in
      let path = folder.path + "/model.xcw"
      let model = try SampleModels.small()
      try WeightFile.write(model, to: path, profile: profile)
      let file = try WeightFile(contentsOf: path)
      try FileManager.default.removeItem(atPath: path)
      for (tensor, expected) in zip(file.model.graph.tensors, model.graph.tensors) {
        #expect(try unsafe tensor.contents.withBytes { UInt(bitPattern: $0.baseAddress) } % 64 == 0)
        #expect(try tensor.bytes() == expected.bytes())
      }
      file.model.graph.releaseMemory()
      for (tensor, expected) in zip(file.model.graph.tensors, model.graph.tensors) {
        #expect(try tensor.bytes() == expected.bytes())
      }
    }
  }

  @Test(arguments: WeightFile.StorageProfile.allCases)
  func `A file that is cut after it was opened gives an error`(profile: WeightFile.StorageProfile) throws {
    try Folder.withTemporary { folder in
      let path = folder.path + "/model.xcw"
      try WeightFile.write(try SampleModels.small(), to: path, profile: profile)
      let file = try WeightFile(contentsOf: path)
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try handle.truncate(atOffset: 1500)
      #expect { try file.verifyContents() } throws: { ($0 as? WeightFormatError)?.fault == .truncated }
    }
  }

  @Test func `Sizes as stored and inflated, planes, profile and features`() throws {
    let compact = try WeightFile(bytes: WeightFile.bytes(of: SampleModels.small(weights: .zero)))
    #expect(compact.version == 1)
    #expect(compact.profile == .compact)
    #expect(compact.requiredFeatures == .compact)
    #expect(compact.sections.map(\.kind.description) == ["META", "GRPH", "TNSR", "BLCK", "DATA"])
    let kernel = compact.tensorSizes[0]
    #expect(kernel.inflatedBytes == 864)
    #expect(kernel.planeBytes.count == 4)
    #expect(kernel.planeBytes.reduce(0, +) == kernel.storedBytes)
    #expect(kernel.storedBytes < 100)
    let stored = try WeightFile(bytes: WeightFile.bytes(of: SampleModels.firstOperations(), profile: .stored))
    #expect(stored.profile == .stored)
    #expect(stored.requiredFeatures == .optimized)
    #expect(stored.tensorSizes.allSatisfy { $0.storedBytes == $0.inflatedBytes })
  }
}
