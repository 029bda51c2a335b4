import Foundation

/// A command of the package, run as a user runs it.
struct Command {
  struct Result {
    var status: Int32
    var output: String
    var errors: String

    var lines: [Substring] { output.split(separator: "\n") }
  }

  /// The release commands where Tests/run.sh built them, else those built with the tests.
  static let folder: URL =
    ProcessInfo.processInfo.environment["XCEPTION_BIN"].map { URL(filePath: $0) } ?? builtWithTests

  private static var builtWithTests: URL {
    #if os(macOS)
      Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }!.bundleURL.deletingLastPathComponent()
    #else
      Bundle.main.bundleURL
    #endif
  }

  static func run(
    _ name: String, _ arguments: [String], input: Data? = nil, environment: [String: String] = [:]
  ) throws -> Result {
    try run(Self.folder.appending(path: name), arguments, input: input, environment: environment)
  }

  /// Runs a script of bash.
  static func shell(_ script: String, environment: [String: String] = [:]) throws -> Result {
    try run(URL(filePath: "/bin/bash"), ["-c", script], environment: environment)
  }

  private static func run(
    _ program: URL, _ arguments: [String], input: Data? = nil, environment: [String: String]
  ) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files instead of pipes: a command may print more than a pipe holds.
    let files = try ["input", "output", "errors"].map { part in
      let file = folder.appending(path: part)
      try (part == "input" ? input ?? Data() : Data()).write(to: file)
      return file
    }
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    // What tests run is not kept in the cache folder of whoever runs them.
    let own = ProcessInfo.processInfo.environment.merging(["XCEPTION_CACHE_LIMIT": "0"]) { $1 }
    process.environment = own.merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: try String(contentsOf: files[1], encoding: .utf8),
      errors: try String(contentsOf: files[2], encoding: .utf8))
  }
}

/// The object that `xception-run --json` prints for an image.
struct Line: Decodable {
  struct Prediction: Decodable {
    var `class`: Int
    var label: String?
    var probability: Float
  }

  var image: String
  var error: String?
  var precision: String?
  var kind: String?
  var predictions: [Prediction]?
  var milliseconds: [String: Double]?
  var features: [Float]?
  var heatmap: Map?

  struct Map: Decodable {
    var `class`: Int
    var label: String?
    var method: String
    var width: Int
    var height: Int
    var largest: Float
    var values: [Float]
  }

  static func all(_ result: Command.Result) throws -> [Line] {
    try result.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
  }
}
