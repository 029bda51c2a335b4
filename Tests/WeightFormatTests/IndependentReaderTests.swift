import Foundation
import ModelGraph
import Testing

@testable import WeightFormat

/// `Formats/xcw.py`, which was written from the specification alone, against the writer and the samples.
@Suite(
  "The independent reader",
  .enabled(if: Python.hasNumPy, "python3 with NumPy is missing; Tests/run.sh installs it"))
struct IndependentReaderTests {
  @Test func `It reads every value of every tensor as it was written`() throws {
    try Folder.withTemporary { folder in
      var files = try Dictionary(uniqueKeysWithValues: SampleModels.ofOperations.map { ($0, try $1()) })
      files["blocks"] = try SampleModels.severalBlocks()
      for type in ElementType.allCases { files["\(type)"] = try SampleModels.small(kernelType: type) }
      for (name, model) in files {
        for profile in WeightFile.StorageProfile.allCases {
          let path = "\(folder.path)/\(name)-\(profile).xcw"
          try WeightFile.write(model, to: path, profile: profile)
          try FileManager.default.createDirectory(atPath: path + ".values", withIntermediateDirectories: true)
        }
      }
      let output = try Python.run(
        """
        import glob, numpy, xcw
        for path in sorted(glob.glob(r'\(folder.path)/*.xcw')):
            file = xcw.File(open(path, 'rb').read())
            for number, tensor in enumerate(file.tensors):
                file.values(tensor).tofile(f'{path}.values/{number}')
                print(path, tensor['name'], tensor['dimensions'], sep=',')
        """)
      #expect(output.status == 0, "\(output.text)")
      for (name, model) in files {
        for profile in WeightFile.StorageProfile.allCases {
          let path = "\(folder.path)/\(name)-\(profile).xcw"
          for (number, tensor) in model.graph.tensors.enumerated() {
            let found = try Data(contentsOf: URL(fileURLWithPath: "\(path).values/\(number)"))
            let expected = try unsafe tensor.values().withUnsafeBytes { unsafe Data($0) }
            #expect(found == expected, "\(path), \(tensor.name)")
            #expect(output.text.contains("\(path),\(tensor.name),\(tensor.dimensions)\n"))
          }
        }
      }
    }
  }

  @Test func `It accepts the valid samples and refuses the others, each with an error of its own`() throws {
    let output = try Python.run(
      """
      import glob, os, xcw
      for path in sorted(glob.glob(r'\(SampleTests.folder.path)/*.xcw')):
          try:
              file = xcw.File(open(path, 'rb').read())
              for tensor in file.tensors:
                  file.elements(tensor)
              print(os.path.basename(path)[:-4], 'valid')
          except xcw.Invalid:
              print(os.path.basename(path)[:-4], 'invalid')
      """)
    #expect(output.status == 0, "\(output.text)")
    let found = Set(output.text.split(separator: "\n").map(String.init))
    #expect(found == Set(Sample.all.map { "\($0.name) \($0.fault == nil ? "valid" : "invalid")" }))
  }

  @Test func `Its command lists tensors, and fails with one line for an invalid file`() throws {
    let listed = try Python.run(arguments: [
      Python.reader, SampleTests.folder.path + "/float32-compact.xcw", "--sha256",
    ])
    #expect(listed.status == 0)
    #expect(listed.text.hasPrefix("0 kernel\tfp32\t3x3x3x8\t"))
    let refused = try Python.run(arguments: [Python.reader, SampleTests.folder.path + "/deflate-bomb.xcw"])
    #expect(refused.status == 1)
    #expect(refused.text.split(separator: "\n").count == 1)
  }
}

enum Python {
  static let folder = SampleTests.folder.deletingLastPathComponent().path
  static let reader = folder + "/xcw.py"
  static let hasNumPy = (try? run("import numpy").status) == 0

  /// Runs a script that can import the reader.
  static func run(_ script: String) throws -> (status: Int32, text: String) {
    try run(arguments: [
      "-c", "import sys\nsys.path.insert(0, r'\(folder)')\nsys.dont_write_bytecode = True\n" + script,
    ])
  }

  static func run(arguments: [String]) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [ProcessInfo.processInfo.environment["XCEPTION_PYTHON"] ?? "python3"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }
}
