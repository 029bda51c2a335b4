import Foundation
import SmallModel
import Testing

struct ManyPicturesTests {
  let model: SmallModel
  let folder: URL

  init() throws {
    model = try SmallModel.shared.get()
    folder = model.folder.appending(path: "many-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appending(path: "b/c"), withIntermediateDirectories: true)
  }

  /// Small pictures, no two alike, and their paths in the order in which a folder is walked.
  @discardableResult
  private func pictures(_ count: Int) throws -> [String] {
    try (0..<count).map { index in
      let name = "p" + String(10_000 + index).dropFirst() + ".ppm"
      let path = folder.appending(path: name)
      let pixels = [UInt8](repeating: UInt8(index % 256), count: 8 * 8 * 3 - 1) + [UInt8(index / 256)]
      try (Data("P6 8 8 255\n".utf8) + pixels).write(to: path)
      return path.path
    }
  }

  private func run(_ arguments: String..., input: Data? = nil) throws -> Command.Result {
    try Command.run("xception-run", ["--model", model.file.path] + arguments, input: input)
  }

  private func write(_ name: String, _ text: String = "no picture") throws -> String {
    let path = folder.appending(path: name)
    try Data(text.utf8).write(to: path)
    return path.path
  }

  private func images(in file: String) throws -> [String] {
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.isEmpty || text.hasSuffix("\n"))
    return try text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).image }
  }

  @Test func `A folder stands for the pictures in it and inside it, hidden files left out, sorted`() throws {
    var expected = try pictures(5)
    for name in [".hidden.ppm", "._p0000.ppm", "notes.txt", "Thumbs.db"] { _ = try write(name) }
    for inner in ["b/x.PPM", "b/c/y.ppm"] {
      try FileManager.default.copyItem(atPath: expected[0], toPath: folder.appending(path: inner).path)
    }
    let inner = ["b/c/y.ppm", "b/x.PPM"].map { folder.appending(path: $0).path }
    expected = inner + expected
    let result = try run("--json", folder.path)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try Line.all(result).map(\.image) == expected)
    // Text has a name above each picture, even where a folder has but one.
    let one = try run("--top", "1", folder.appending(path: "b/c").path)
    #expect(one.lines.first.map(String.init) == inner[0])
    #expect(one.lines.count == 2)
  }

  @Test func `In folders links are followed, but not round in circles, and pipes are left out`() throws {
    try pictures(2)
    let files = FileManager.default
    try files.createSymbolicLink(at: folder.appending(path: "b/up"), withDestinationURL: folder)
    try files.createSymbolicLink(
      at: folder.appending(path: "b/c/link.ppm"), withDestinationURL: folder.appending(path: "p0000.ppm"))
    try files.createSymbolicLink(at: folder.appending(path: "d"), withDestinationURL: folder.appending(path: "b/c"))
    #expect(mkfifo(folder.appending(path: "pipe.png").path, 0o600) == 0)
    let result = try run("--json", folder.path)
    #expect(result.status == 0, "\(result.errors)")
    let names = try Line.all(result).map { String($0.image.dropFirst(folder.path.count + 1)) }
    #expect(names == ["b/c/link.ppm", "d/link.ppm", "p0000.ppm", "p0001.ppm"])
  }

  @Test func `A folder without pictures is said to have none`() throws {
    let result = try run(folder.path)
    #expect(result.status == 1 && result.output.isEmpty)
    #expect(result.errors.contains("\(folder.path): the folder has no pictures"), "\(result.errors)")
    let path = try pictures(1)[0]
    let among = try run("--json", path, folder.appending(path: "b").path, path)
    #expect(among.status == 1)
    #expect(try Line.all(among).map(\.image) == [path, folder.appending(path: "b").path, path])
  }

  @Test func `A list as Windows writes it, with a byte order mark and carriage returns, is one`() throws {
    let paths = try pictures(2)
    let list = try write("list", "\u{feff}" + paths.joined(separator: "\r\n") + "\r\n\r\n")
    let result = try run("--json", "--files-from", list)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try Line.all(result).map(\.image) == paths)
    let wrong = try run("--files-from", folder.path)
    #expect(wrong.status == 1 && wrong.errors.contains("cannot read the names in \(folder.path)"), "\(wrong.errors)")
  }

  @Test(arguments: ["r.jsonl", "r.csv"])
  func `Results of another model, precision or layer are not gone on with`(name: String) throws {
    try pictures(3)
    let output = folder.appending(path: name).path
    func run(_ file: URL, _ options: String...) throws -> Command.Result {
      try Command.run("xception-run", ["--model", file.path, "--output", output, folder.path] + options)
    }
    #expect(try run(model.file).status == 0)
    let results = try String(contentsOfFile: output, encoding: .utf8)
    let other = folder.appending(path: "other.xcw")
    let labels = SmallModel.labels.map { $0 + "s" }.joined(separator: ",")
    #expect(try Command.run("xception-convert", [model.file.path, other.path, "--labels", labels]).status == 0)
    var refused = [try run(other, "--resume")]
    let layer = try run(model.file, "--resume", "--output-layer", "nowhere")
    #expect(layer.status != 0 && !layer.errors.contains("goes on with the same"))
    if name.hasSuffix("l") {
      refused.append(try run(model.file, "--resume", "--precision", "int8"))
      refused.append(try run(model.file, "--resume", "--top", "1"))
      refused.append(try run(model.file, "--resume", "--output-layer", "block14_sepconv2_act"))
    }
    for result in refused {
      #expect(result.status == 1)
      #expect(result.errors.contains("--resume goes on with the same"), "\(result.errors)")
    }
    #expect(try run(model.file, "--resume").status == 0)
    #expect(try String(contentsOfFile: output, encoding: .utf8) == results)
  }

  @Test func `Two runs do not write to one file of results at once`() throws {
    let paths = try pictures(1)
    let result = try Command.shell(
      #"""
      cd "$folder"; mkfifo list; xception-run --model "$model" --output r.jsonl --files-from list & exec 3> list
      until [ -e r.jsonl ]; do sleep 0.01; done; sleep 0.2
      xception-run --model "$model" --output r.jsonl --resume "$photo"; echo $?
      echo "$photo" >&3; exec 3>&-; wait; wc -l < r.jsonl
      """#,
      environment: [
        "PATH": "\(Command.folder.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")", "model": model.file.path,
        "photo": paths[0], "folder": folder.path,
      ])
    #expect(result.lines.map { $0.trimmingCharacters(in: .whitespaces) } == ["1", "1"], "\(result.errors)")
    #expect(result.errors.contains("another run is writing to r.jsonl"))
  }

  @Test(arguments: ["\n", "\0"])
  func `The option --files-from reads names from a file or from standard input`(separator: String) throws {
    let names = try pictures(4)
    // The last one is not ended.
    let list = names.joined(separator: separator)
    let file = try write("list", list)
    #expect(try Line.all(run("--json", "--files-from", file)).map(\.image) == names)
    let piped = try run("--json", names[0], "--files-from", "-", input: Data(list.utf8))
    #expect(try Line.all(piped).map(\.image) == [names[0]] + names)
  }

  @Test(arguments: [#"\n"#, #"\0"#])
  func `A list from a slow pipe may come in parts that end inside a name`(separator: String) throws {
    let names = try pictures(3)
    let script = #"""
      { printf '%s' "${first:0:5}"; sleep 0.3; printf '%s\#(separator)%s' "${first:5}" "${second:0:7}"; sleep 0.3
        printf '%s\#(separator)%s' "${second:7}" "$third"; } | xception-run --model "$model" --json --files-from -
      """#
    let result = try Command.shell(
      script,
      environment: [
        "PATH": "\(Command.folder.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")", "model": model.file.path,
        "first": names[0], "second": names[1], "third": names[2],
      ])
    #expect(result.status == 0, "\(result.errors)")
    #expect(try Line.all(result).map(\.image) == names)
  }

  @Test func `Files of a folder that do not end as pictures' names do are counted`() throws {
    let names = try pictures(2)
    try FileManager.default.copyItem(atPath: names[0], toPath: folder.appending(path: "b/camera.MPO").path)
    try FileManager.default.copyItem(atPath: names[0], toPath: folder.appending(path: "b/clip.dib").path)
    let one = try write("IMG_0001")
    let first = try run("--json", folder.path)
    #expect(first.status == 0 && first.output.split(separator: "\n").count == 4)
    #expect(first.errors.contains("4 pictures; 1 other file left out"), "\(first.errors)")
    for name in ["b/new.jxl", "b/c/old.jp2", ".hidden"] { _ = try write(name) }
    let results = folder.appending(path: "r.csv").path
    let second = try run("--output", results, folder.path)
    #expect(second.errors.contains("4 pictures; 4 other files left out"), "\(second.errors)")
    // Who names a file means it.
    let named = try run("--json", one, names[0])
    #expect(try Line.all(named).count == 2 && !named.errors.contains("left out"))
  }

  @Test(arguments: ["r.jsonl", "r.csv"])
  func `The option --retry-failures tries failures again, and leaves one line of each name`(name: String) throws {
    let names = try pictures(20)
    let good = try Data(contentsOf: URL(filePath: names[3]))
    for index in [3, 11] { try Data("no picture".utf8).write(to: URL(filePath: names[index])) }
    // The name that leads to the results stays one.
    let output = folder.appending(path: name).path
    let link = folder.appending(path: "link-" + name).path
    #expect(try run("--output", output, folder.path).status == 1)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: output)
    let before = try comparable(output)
    // Without it nothing changes.
    #expect(try run("--output", link, "--resume", folder.path).status == 1)
    #expect(try comparable(output) == before)
    // Of two, one is a picture now.
    try good.write(to: URL(filePath: names[3]))
    let second = try run("--output", link, "--resume", "--retry-failures", folder.path)
    #expect(second.status == 1 && second.errors.contains("20 pictures, 1 of them not classified"), "\(second.errors)")
    #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: link)) == output)
    try good.write(to: URL(filePath: names[11]))
    #expect(try run("--output", output, "--resume", "--retry-failures", folder.path).status == 0)
    let whole = folder.appending(path: "whole-" + name).path
    #expect(try run("--output", whole, folder.path).status == 0)
    #expect(try comparable(output).sorted() == comparable(whole).sorted())
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.contains("tmp-") })
  }

  @Test func `A run that is killed while it takes failures out leaves all results or those that are none`() throws {
    let names = try pictures(300)
    for index in stride(from: 0, to: 300, by: 2) { try Data("no picture".utf8).write(to: URL(filePath: names[index])) }
    let output = folder.appending(path: "r.jsonl").path
    #expect(try run("--output", output, folder.path).status == 1)
    let good = Set(stride(from: 1, to: 300, by: 2).map { names[$0] })
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<12 {
      let process = Process()
      process.executableURL = Command.folder.appending(path: "xception-run")
      process.arguments = ["--model", model.file.path, "--output", output, "--resume", "--retry-failures", folder.path]
      process.standardError = FileHandle.nullDevice
      try process.run()
      usleep(.random(in: 0...60_000, using: &generator))
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      // The last line may be incomplete.
      let text = try String(contentsOfFile: output, encoding: .utf8)
      let lines = text.split(separator: "\n").prefix(text.count { $0 == "\n" })
      let images = try lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).image }
      #expect(Set(images).count == images.count && good.isSubset(of: images))
    }
    #expect(try run("--output", output, "--resume", folder.path).status == 1)
    let images = try images(in: output)
    #expect(Set(images) == Set(names) && images.count == 300)
  }

  @Test func `Results are the same as those of pictures one by one`() throws {
    let names = try pictures(9)
    let together = try Line.all(run("--json", "--top", "0", folder.path))
    for (line, name) in zip(together, names) {
      let alone = try Line.all(run("--json", "--top", "0", name))[0]
      #expect(line.predictions?.map(\.probability) == alone.predictions?.map(\.probability))
    }
    #expect(together.count == 9)
  }

  @Test func `The option --output writes failures as lines too, counts them, and the exit code is 1`() throws {
    try pictures(3)
    _ = try write("bad, \"worse\".jpg")
    let json = folder.appending(path: "r.jsonl").path
    let result = try run("--output", json, folder.path)
    #expect(result.status == 1)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains("4 pictures, 1 of them not classified"))
    #expect(try images(in: json).count == 4)

    let csv = folder.appending(path: "r.csv").path
    #expect(try run("--top", "2", "--output", csv, folder.path).status == 1)
    let rows = try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\n")
    #expect(rows[0] == "image,error,class_1,label_1,probability_1,class_2,label_2,probability_2")
    #expect(rows.count == 5)
    #expect(rows[1].hasPrefix("\"\(folder.path)/bad, \"\"worse\"\".jpg\","))
    // A second run does not write over them, or mix results of other options with them.
    for arguments in [["--output", csv], ["--output", csv, "--resume", "--top", "3"]] {
      let refused = try Command.run("xception-run", ["--model", model.file.path, folder.path] + arguments)
      #expect(refused.status == 1)
      #expect(refused.errors.contains(csv))
    }
    // Nor does one that goes on classify anything again, and its exit code tells of the earlier failure.
    let again = try run("--top", "2", "--output", csv, "--resume", folder.path)
    #expect(again.status == 1)
    #expect(try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\n") == rows)
  }

  @Test(arguments: ["r.jsonl", "r.csv"])
  func `A run that is killed at any moment is gone on with, without a lost or a doubled line`(name: String) throws {
    try pictures(400)
    #if os(Linux)
      // The name of the first one is not UTF-8.
      #expect(try Command.shell(#"cd '\#(folder.path)' && cp p0000.ppm $'b/a\xff.ppm'"#).status == 0)
    #endif
    let whole = folder.appending(path: "whole-" + name).path
    #expect(try run("--output", whole, folder.path).status == 0)
    let output = folder.appending(path: name).path
    var generator = SystemRandomNumberGenerator()
    var killed = 0
    for _ in 0..<12 {
      let process = Process()
      process.executableURL = Command.folder.appending(path: "xception-run")
      process.arguments = ["--model", model.file.path, "--output", output, "--resume", folder.path]
      process.standardError = FileHandle.nullDevice
      // When the file has grown by some lines, however fast this machine is.
      let end = size(of: output) + Int.random(in: 0...3000, using: &generator)
      try process.run()
      while process.isRunning, size(of: output) <= end { usleep(200) }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      if process.terminationReason == .uncaughtSignal { killed += 1 }
      if var bytes = try? Data(contentsOf: URL(filePath: output)), bytes.count > 40 {
        // What the kill of a whole machine may do to the last line.
        bytes.removeLast(.random(in: 0...40, using: &generator))
        try bytes.write(to: URL(filePath: output))
      }
    }
    #expect(killed > 0)
    #expect(try run("--output", output, "--resume", folder.path).status == 0)
    #expect(try comparable(output) == comparable(whole))
  }

  #if os(Linux)
    @Test func `A table has the bytes of a name that is not UTF-8, and a run that goes on finds them`() throws {
      // Of the last two, one has in truth what JSON shows of the other's bytes.
      let names = [
        Array("q\"\u{301},\n.ppm".utf8), Array(#"x\xff.ppm"#.utf8), Array("x".utf8) + [0xff] + Array(".ppm".utf8),
      ]
      let made = try Command.shell(
        #"""
        cd '\#(folder.path)' && printf 'P6 8 8 255\n%0192d' 0 > p &&
        for name in $'q"\u0301,\n' 'x\xff' $'x\xff'; do cp p b/"$name.ppm" || exit; done
        """#, environment: ["LC_ALL": "C.UTF-8"])
      #expect(made.status == 0, "\(made.errors)")
      let inner = folder.appending(path: "b").path
      for file in ["names.csv", "names.jsonl"].map({ folder.appending(path: $0).path }) {
        let output = ["--model", model.file.path, "--top", "1", "--output", file, "--resume"]
        #expect(try Command.run("xception-run", output + [inner]).status == 0)
        let lines = try Data(contentsOf: URL(filePath: file))
        #expect(try Command.run("xception-run", output + [inner]).status == 0)
        #expect(try Data(contentsOf: URL(filePath: file)) == lines)
        guard file.hasSuffix("csv") else { continue }
        for name in names {
          let quotes = name.contains(UInt8(ascii: ",")) ? "\"" : ""
          let field =
            (quotes + inner + "/").utf8 + name.flatMap { $0 == UInt8(ascii: "\"") ? [$0, $0] : [$0] } + quotes.utf8
          #expect(lines.range(of: Data(field)) != nil, "\(name)")
        }
      }
    }
  #endif

  /// In bytes; 0 where there is no file.
  private func size(of file: String) -> Int {
    ((try? FileManager.default.attributesOfItem(atPath: file)[.size]) as? NSNumber)?.intValue ?? 0
  }

  /// Lines without times.
  private func comparable(_ file: String) throws -> [String] {
    try String(decoding: Data(contentsOf: URL(filePath: file)), as: UTF8.self).split(separator: "\n").map {
      String($0.replacing(/"milliseconds":\{[^}]*\},/, with: ""))
    }
  }

  @Test func `A name that is given twice has two results, after going on too`() throws {
    let names = try pictures(3)
    let file = folder.appending(path: "twice.jsonl").path
    let list = [names[0], names[1], names[0], names[2], names[0]]
    #expect(try run("--output", file, "--files-from", "-", input: Data(list.joined(separator: "\n").utf8)).status == 0)
    #expect(try images(in: file) == list)
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    try Data((lines.prefix(3).joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: file))
    #expect(
      try run("--output", file, "--resume", "--files-from", "-", input: Data(list.joined(separator: "\n").utf8)).status
        == 0)
    #expect(try images(in: file) == list)
  }

  @Test(arguments: [
    ["--resume"], ["--output", "x.jsonl", "--resume", "-"], ["--output", "x.jsonl", "--resume", "--heatmap", "h.png"],
    ["--output", "x.txt"], ["--output", "x.csv", "--json"], ["--output", "x.csv", "--features"],
    ["-", "--files-from", "-"], ["--output", "x.csv", "--retry-failures"],
  ])
  func `Wrong usage of many pictures exits with 64`(arguments: [String]) throws {
    let result = try Command.run("xception-run", ["--model", model.file.path, model.photos[0].path] + arguments)
    #expect(result.status == 64)
    #expect(!result.errors.isEmpty)
  }

  @Test func `Memory of a report does not grow with the number of pictures`() throws {
    func peak(_ count: Int) throws -> Double {
      let result = try run("--timings", "--report", folder.appending(path: "\(count).html").path, folder.path)
      #expect(result.status == 0)
      let line = try #require(result.errors.firstMatch(of: /peak resident memory +([0-9.]+) MB/))
      return try #require(Double(line.1))
    }
    try pictures(100)
    let few = try peak(100)
    try pictures(3_000)
    #expect(try peak(3_000) < few + 4)
    // What is kept in no memory is in the file.
    #expect(
      size(of: folder.appending(path: "3000.html").path) > 25 * size(of: folder.appending(path: "100.html").path) / 2)
  }

  @Test func `Memory does not grow with the number of pictures`() throws {
    func peak(_ count: Int) throws -> Double {
      let result = try run("--timings", "--output", folder.appending(path: "\(count).jsonl").path, folder.path)
      #expect(result.status == 0)
      let line = try #require(result.errors.firstMatch(of: /peak resident memory +([0-9.]+) MB/))
      return try #require(Double(line.1))
    }
    try pictures(100)
    let few = try peak(100)
    try pictures(10_000)
    #expect(try peak(10_000) < few + 4)
  }
}
