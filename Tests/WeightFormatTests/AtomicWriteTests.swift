import Files
import Foundation
import ModelGraph
import PlainText
import Testing

@testable import WeightFormat

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
      #expect(unsafe mkfifo(pipe, 0o600) == 0)
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

  @Test(arguments: [false, true])
  func `A disk that is full at any of 50 places leaves the old file and no other`(isNamed: Bool) async throws {
    await #expect(processExitsWith: .success) { [isNamed = isNamed as Bool] in
      try Folder.withTemporary { folder in
        let path = folder.path + "/model.xcw"
        let model = try SampleModels.small()
        let size = try WeightFile.bytes(of: model).count
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        // A limit on the length of files stands for the disk: writing beyond it fails as on a full disk.
        signal(SIGXFSZ, SIG_IGN)
        for place in 0..<50 {
          limitFiles(to: size * place / 50)
          do {
            try AtomicFile.$isNamedFromTheStart.withValue(isNamed) { try WeightFile.write(model, to: path) }
            exit(2)
          } catch {
            guard (error as? WeightFormatError)?.fault == .system, try folder.names() == ["model.xcw"],
              try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8)
            else { exit(3) }
          }
        }
        limitFiles(to: size)
        try WeightFile.write(model, to: path)
        guard try folder.names() == ["model.xcw"] else { exit(4) }
      }
    }
  }

  @Test(arguments: [SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT], [false, true])
  func `A signal that ends the process leaves the old file, and no other that the next write does not remove`(
    signal: Int32, isNamed: Bool
  ) async throws {
    let path = FileManager.default.temporaryDirectory.path + "/xcw-kill-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("old".utf8).write(to: URL(fileURLWithPath: path + "/model.xcw"))
    for tensor in [0, 3, 5] {
      // A value that exit tests can hand over.
      let order = "\(signal) \(isNamed) \(tensor) \(path)"
      await #expect(processExitsWith: .signal(signal)) { [order = order as String] in
        let parts = order.split(separator: " ", maxSplits: 3)
        let ending = Int32(parts[0])!
        // Whoever started this process may ignore it.
        if ending != SIGKILL { setDefault(ending) }
        var model = try SampleModels.small()
        model.graph.tensors[Int(parts[2])!].contents = Ending(signal: ending)
        try AtomicFile.$isNamedFromTheStart.withValue(parts[1] == "true") {
          try WeightFile.write(model, to: parts[3] + "/model.xcw")
        }
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: path + "/model.xcw")) == Data("old".utf8))
      let names = try Folder(path: path).names()
      #expect(names.count == (signal == SIGKILL && isNamed ? 2 : 1), "\(names)")
      try WeightFile.checkDestination(path + "/model.xcw")
      #expect(try Folder(path: path).names() == ["model.xcw"])
    }
  }

  @Test func `What another process writes, and what is no temporary file of this one, is not removed`() throws {
    try Folder.withTemporary { folder in
      let path = folder.path + "/model.xcw"
      let others = ["model.xcw.tmp-1234", "model.xcw.tmp-0123456789abcdeg", "xmodel.xcw.tmp-0123456789abcdef", "a.tmp"]
      for name in others { try Data().write(to: URL(fileURLWithPath: folder.path + "/" + name)) }
      let stale = folder.path + "/model.xcw.tmp-0123456789abcdef"
      try Data().write(to: URL(fileURLWithPath: stale))
      let descriptor = try openFile(stale, O_RDONLY)
      #expect(flock(descriptor, LOCK_EX) == 0)
      try WeightFile.write(try SampleModels.least(), to: path)
      #expect(try folder.names() == (others + ["model.xcw", "model.xcw.tmp-0123456789abcdef"]).sorted())
      close(descriptor)
      try WeightFile.write(try SampleModels.least(), to: path)
      #expect(try folder.names() == (others + ["model.xcw"]).sorted())
    }
  }

  @Test(arguments: [false, true])
  func `The new file has the permissions of the old one, and its owner where this user may give it`(
    isNamed: Bool
  ) throws {
    try AtomicFile.$isNamedFromTheStart.withValue(isNamed) {
      try Folder.withTemporary { folder in
        let path = folder.path + "/model.xcw"
        let model = try SampleModels.least()
        let mask = umask(0o027)
        defer { umask(mask) }
        try WeightFile.write(model, to: path)
        #expect(try FileStatus(of: path).permissions == 0o640)
        let isPrivileged = geteuid() == 0
        if isPrivileged { #expect(unsafe chown(path, 12345, 54321) == 0) }
        for permissions in [0o600, 0o444, 0o606] as [mode_t] {
          #expect(unsafe chmod(path, permissions) == 0)
          try WeightFile.write(model, to: path)
          let status = try FileStatus(of: path)
          #expect(status.permissions == permissions)
          if isPrivileged { #expect(status.owner == 12345 && status.group == 54321) }
        }
      }
    }
  }

  @Test func `A symbolic link is replaced, not followed, and another hard link keeps the old contents`() throws {
    try Folder.withTemporary { folder in
      let (path, target, twin) = (folder.path + "/model.xcw", folder.path + "/target", folder.path + "/twin")
      let model = try SampleModels.least()
      try Data("old".utf8).write(to: URL(fileURLWithPath: target))
      for destination in ["target", "nowhere"] {
        #expect(unsafe symlink(destination, path) == 0)
        try WeightFile.write(model, to: path)
        #expect(try FileStatus(of: path, followsLink: false).kind == .regular)
        #expect(try folder.names() == ["model.xcw", "target"])
        #expect(unsafe unlink(path) == 0)
      }
      #expect(unsafe link(target, path) == 0 && link(target, twin) == 0)
      try WeightFile.write(model, to: path)
      for name in [target, twin] { #expect(try Data(contentsOf: URL(fileURLWithPath: name)) == Data("old".utf8)) }
      try WeightFile(contentsOf: path).verifyContents()
    }
  }

  @Test(arguments: [false, true])
  func `Names that are not UTF-8, and names as long as names can be, are kept`(isNamed: Bool) throws {
    try AtomicFile.$isNamedFromTheStart.withValue(isNamed) {
      try Folder.withTemporary { folder in
        let model = try SampleModels.least()
        var names = [String(repeating: "n", count: 255)]
        #if os(Linux)
          names += [FileName.string([0x61, 0xff, 0xfe]), FileName.string([UInt8](repeating: 0xe9, count: 255))]
        #endif
        for name in names {
          try WeightFile.write(model, to: folder.path + "/" + name)
          #expect(try namesInFolder(folder.path).map { FileName.bytes($0) } == [FileName.bytes(name)])
          try WeightFile(contentsOf: folder.path + "/" + name).verifyContents()
          _ = unsafe (folder.path + "/" + name).withFileName { unsafe unlink($0) }
        }
        #expect(throws: WeightFormatError.self) {
          try WeightFile.write(model, to: folder.path + "/" + String(repeating: "n", count: 256))
        }
        #expect(try folder.names().isEmpty)
      }
    }
  }

  @Test func `What would be refused at the end is refused before the work`() throws {
    var model = try SampleModels.small()
    try WeightFile.check(model)
    model.metadata.license = "a\u{1b}"
    #expect { try WeightFile.check(model) } throws: { ($0 as? WeightFormatError)?.fault == .text }
    model = try SampleModels.small()
    model.graph.tensors[0] = Tensor(
      name: "a\u{9b}", dimensions: model.graph.tensors[0].dimensions, values: try model.graph.tensors[0].values())
    #expect { try WeightFile.check(model) } throws: { ($0 as? WeightFormatError)?.fault == .text }
    #expect(WeightFile.refusal(ofText: "lines\nand\ttabs", allowsLines: true) == nil)
    #expect(WeightFile.refusal(ofText: "lines\n") != nil)
    #expect(WeightFile.refusal(ofText: String(repeating: "a", count: 1 << 16 + 1)) != nil)
  }
}

private func setDefault(_ number: Int32) { signal(number, SIG_DFL) }

private func limitFiles(to length: Int) {
  var limit = rlimit(rlim_cur: rlim_t(length), rlim_max: .max)
  #if canImport(Glibc)
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
  #else
    unsafe setrlimit(RLIMIT_FSIZE, &limit)
  #endif
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

private struct Ending: TensorContents {
  var signal: Int32

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    // Whoever started this process may have blocked it.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
    raise(signal)
    fatalError("a process survives signal \(signal)")
  }
}
