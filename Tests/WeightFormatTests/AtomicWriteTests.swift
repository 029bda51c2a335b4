import Foundation
import ModelGraph
import Testing
import WeightFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("A file is replaced whole or not at all")
struct AtomicWriteTests {
  @Test func `Writing, and writing over an old file`() throws {
    try Folder.withTemporary { folder in
      let path = folder.path + "/model.xcw"
      let model = try SampleModels.small()
      for profile in WeightFile.StorageProfile.allCases {
        try WeightFile.write(model, to: path, profile: profile)
        #expect(
          [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            == (try WeightFile.bytes(of: model, profile: profile)))
        let file = try WeightFile(contentsOf: path)
        try file.verifyContents()
        #expect(file.profile == profile)
        #expect(try file.model.graph.tensors[0].bytes() == model.graph.tensors[0].bytes())
      }
      #expect(try folder.names() == ["model.xcw"])
    }
  }

  @Test func `A fault while writing leaves the old file and no other`() throws {
    try Folder.withTemporary { folder in
      let path = folder.path + "/model.xcw"
      try Data("old".utf8).write(to: URL(fileURLWithPath: path))
      var model = try SampleModels.small()
      model.graph.tensors[3].contents = Failing()
      #expect(throws: WeightFormatError.self) { try WeightFile.write(model, to: path) }
      model.graph.tensors[3] = Tensor(name: "nan", dimensions: [8], values: [Float](repeating: .nan, count: 8))
      #expect(throws: WeightFormatError.self) { try WeightFile.write(model, to: path) }
      #expect(try folder.names() == ["model.xcw"])
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
    }
  }

  @Test func `A folder that does not exist, a path that is a folder, a file that is none`() throws {
    let model = try SampleModels.least()
    try Folder.withTemporary { folder in
      for path in [folder.path + "/none/model.xcw", folder.path] {
        #expect { try WeightFile.write(model, to: path) } throws: { ($0 as? WeightFormatError)?.fault == .system }
      }
      for path in [folder.path + "/none", folder.path, "/dev/null"] {
        #expect { try WeightFile(contentsOf: path) } throws: { ($0 as? WeightFormatError)?.fault == .system }
      }
    }
  }

  @Test func `What is no file is not replaced, and errors of the system name the path that was given`() throws {
    let model = try SampleModels.least()
    func message(_ body: () throws -> Void) -> String? {
      do {
        try body()
        return nil
      } catch {
        return "\(error)"
      }
    }
    try Folder.withTemporary { folder in
      let pipe = folder.path + "/pipe"
      #expect(mkfifo(pipe, 0o600) == 0)
      for path in [pipe, folder.path] {
        #expect(
          message { try WeightFile.write(model, to: path) } == "cannot replace \(path): it is no regular file")
      }
      let names = try folder.names()
      #expect(names == ["pipe"])
      let absent = folder.path + "/none/model.xcw"
      #expect(
        message { try WeightFile.write(model, to: absent) } == "cannot create \(absent): No such file or directory")
      #expect(
        message { _ = try WeightFile(contentsOf: absent) } == "cannot open \(absent): No such file or directory")
    }
  }

  @Test func `A disk that is full leaves the old file and no other`() async throws {
    await #expect(processExitsWith: .success) {
      try Folder.withTemporary { folder in
        let path = folder.path + "/model.xcw"
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        // A limit on the length of files stands for the disk: writing beyond it fails as on a full disk.
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: 1500, rlim_max: .max)
        #if canImport(Glibc)
          setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        #else
          setrlimit(RLIMIT_FSIZE, &limit)
        #endif
        do throws(WeightFormatError) {
          try WeightFile.write(try! SampleModels.small(), to: path)
          exit(2)
        } catch {
          guard error.fault == .system, try folder.names() == ["model.xcw"],
            try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8)
          else { exit(3) }
        }
      }
    }
  }

  @Test func `A process that is killed while it writes leaves the old file`() async throws {
    let path = FileManager.default.temporaryDirectory.path + "/xcw-kill-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("old".utf8).write(to: URL(fileURLWithPath: path + "/model.xcw"))
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      var model = try SampleModels.small()
      model.graph.tensors[3].contents = Killing()
      try WeightFile.write(model, to: path + "/model.xcw")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path + "/model.xcw")) == Data("old".utf8))
    #expect(try Folder(path: path).names().count == 2, "the process was killed while it wrote the temporary file")
  }
}

/// A folder for one test.
struct Folder {
  let path: String

  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

  static func withTemporary(_ body: (Folder) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.path + "/xcw-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(Folder(path: path))
  }
}

private struct Failing: TensorContents {
  struct Failure: Error {}
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result { throw Failure() }
}

private struct Killing: TensorContents {
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    raise(SIGKILL)
    fatalError("a process survives SIGKILL")
  }
}
