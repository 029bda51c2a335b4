import Foundation
import ModelGraph
import SmallModel
import Testing
import WeightFormat

#if os(Linux)
  /// What the commands print on a terminal, which `script` of util-linux makes.
  @Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")))
  struct TerminalTests {
    let model: SmallModel

    init() throws { model = try SmallModel.shared.get() }

    /// - Parameter rest: Of the line of the shell, such as a redirection.
    private func lines(
      columns: Int, _ options: String, rest: String = "", locale: String = "C.UTF-8",
      environment: [String: String] = [:]
    ) throws -> [String] {
      let command = Command.folder.appending(path: "xception-run").path
      let line = "stty cols \(columns); '\(command)' --model '\(model.file.path)' \(options) \(rest)"
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/script")
      process.arguments = ["-qec", line, "/dev/null"]
      process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": locale]) { $1 }
        .merging(environment) { $1 }
      let pipe = Pipe()
      process.standardOutput = pipe
      process.standardInput = FileHandle.nullDevice
      try process.run()
      let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
      process.waitUntilExit()
      return output.split(whereSeparator: { $0.isNewline || $0 == "\r" }).map(String.init)
    }

    @Test(arguments: [30, 48, 80, 200])
    func `Bars fit the terminal, the longest beside the likeliest class, without colors`(columns: Int) throws {
      let lines = try lines(columns: columns, model.photos[0].path)
      #expect(lines.count == 5)
      #expect(lines.allSatisfy { $0.count <= columns && !$0.contains("\u{1b}") })
      let bars = lines.map { $0.count { "█▏▎▍▌▋▊▉".contains($0) } }
      #expect(bars[0] > 0)
      #expect(bars == bars.sorted(by: >))
    }

    @Test(arguments: [("C.UTF-8", "\u{2026}"), ("C", "...")])
    func `Names above the bars fit the terminal, cut at their beginning`(locale: String, dots: String) throws {
      let paths = model.photos.map(\.path)
      let lines = try lines(columns: 24, paths.joined(separator: " "), locale: locale)
      let names = lines.filter { $0.hasSuffix(".ppm") }
      #expect(names == paths.map { dots + $0.suffix(24 - dots.count) })
      #expect(lines.allSatisfy { $0.count <= 24 })
      #expect(try self.lines(columns: 200, paths.joined(separator: " ")).filter { $0.hasSuffix(".ppm") } == paths)
    }

    @Test func `Bars are number signs where the terminal shows ASCII only`() throws {
      let lines = try lines(columns: 80, model.photos[0].path, locale: "C")
      #expect(lines[0].contains("#"))
      #expect(lines.joined().utf8.allSatisfy { $0 < 0x80 })
    }

    @Test func `The option --plain prints on a terminal what a pipe gets`() throws {
      let piped = try Command.run("xception-run", ["--model", model.file.path, model.photos[0].path])
      #expect(try lines(columns: 80, "--plain " + model.photos[0].path) == piped.lines.map(String.init))
    }

    @Test(arguments: [["NO_COLOR": "1"], ["NO_COLOR": "", "TERM": "xterm-256color", "CLICOLOR_FORCE": "1"]])
    func `No command sets a color, whatever the environment says`(environment: [String: String]) throws {
      let options = [
        model.photos[0].path, "--help", "--no-such-option", "/no/such/photo.png",
        "\(model.photos[0].path) \(model.photos[1].path) --output '\(model.folder.path)/\(UUID().uuidString).csv'",
      ]
      for options in options {
        let lines = try lines(columns: 80, options, environment: environment)
        #expect(!lines.isEmpty && lines.allSatisfy { !$0.contains(/\u{1b}\[[0-9;:]*m/) }, "\(options): \(lines)")
      }
    }

    @Test func `A heatmap that takes many passes shows a bar that grows, and leaves nothing of it`() throws {
      let file = model.folder.appending(path: "flat-\(UUID().uuidString).xcw")
      try WeightFile.write(Self.withoutPooling(), to: file.path, profile: .compact)
      let map = model.folder.appending(path: "\(UUID().uuidString).png").path
      let lines = try lines(columns: 80, "--model '\(file.path)' --heatmap '\(map)' --plain '\(model.photos[0].path)'")
      let bars = lines.compactMap { $0.firstMatch(of: /making the heatmap \[(#*) *\]/)?.1.count }
      #expect(bars.count > 10 && bars == bars.sorted() && bars.last == 30, "\(lines)")
      #expect(lines.last?.contains("heatmap") == false && FileManager.default.fileExists(atPath: map))
    }

    /// A network that no pooling ends: its heatmap is made by hiding parts of the picture.
    private static func withoutPooling() throws -> Model {
      var builder = GraphBuilder()
      let image = try builder.append("image", .input(.map(height: 40, width: 40, channels: 3)))
      let flat = try builder.append("flat", .flatten, [image])
      let dense = try builder.append("dense", .dense(Dense(outputs: 2)), [flat]) { role, dimensions in
        let values = (0..<dimensions.reduce(1, *)).map { Float($0 % 7) * 0.001 }
        return Tensor(name: "\(role)", dimensions: dimensions, values: values)
      }
      _ = try builder.append("softmax", .softmax, [dense])
      let metadata = Metadata(
        architecture: "flat", preprocessing: .keras, labels: ["dark", "light"], output: .classProbabilities,
        converter: "tests")
      return Model(graph: builder.graph, metadata: metadata)
    }

    @Test func `A run says on a terminal how far it is, and leaves its summary`() throws {
      let folder = model.folder.appending(path: "progress-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for index in 0..<300 {
        try FileManager.default.copyItem(at: model.photos[0], to: folder.appending(path: "\(index).ppm"))
      }
      try Data("no picture".utf8).write(to: folder.appending(path: "0.jpg"))
      let results = folder.appending(path: "results.jsonl").path
      let lines = try lines(columns: 80, "--output '\(results)' '\(folder.path)'")
      #expect(lines.contains { $0.contains(/[0-9]+ of 301 done, [0-9.]+ a second, [0-9]+:[0-9][0-9] left, 1 failure/) })
      #expect(lines.last?.contains("301 pictures, 1 of them not classified") == true)
    }
  }
#endif
