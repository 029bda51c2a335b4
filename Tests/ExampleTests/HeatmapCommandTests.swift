import Foundation
import SmallModel
import Testing

@Suite("The heatmaps of xception-run")
struct HeatmapCommandTests {
  private let model: SmallModel
  private let folder: URL

  init() throws {
    model = try SmallModel.shared.get()
    folder = FileManager.default.temporaryDirectory.appending(path: "heatmaps-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  private func run(_ arguments: String..., input: Data? = nil) throws -> Command.Result {
    try Command.run("xception-run", ["--model", model.file.path] + arguments, input: input)
  }

  @Test func `A heatmap is a PNG of the picture's size with the scale below, and its values are in the JSON`() throws {
    let photo = model.photos[0].path
    let plain = try run(photo, "--heatmap", path("a.png"))
    #expect(plain.status == 0 && plain.errors.isEmpty, "\(plain.errors)")
    #expect(try plain.output == run(photo).output)
    let bytes = [UInt8](try Data(contentsOf: folder.appending(path: "a.png")))
    #expect(bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]))
    #expect(bytes[16..<24].elementsEqual([0, 0, 0, 48, 0, 0, 0, 32 + 11]), "width and height of the header")

    let line = try #require(try Line.all(run(photo, "--json", "--heatmap", path("b.png"), "--class", "dog")).first)
    let map = try #require(line.heatmap)
    #expect(map.label == "dog" && map.class == 3 && map.method == "activation-map")
    #expect(map.values.count == map.width * map.height && map.values.allSatisfy { 0...1 ~= $0 })
    let numbered = try Line.all(run(photo, "--json", "--heatmap", path("c.png"), "--class", "3"))
    #expect(numbered.first?.heatmap?.values == map.values)
  }

  @Test func `Standard input has a heatmap too`() throws {
    let result = try run("-", "--heatmap", path("in.png"), input: Data(contentsOf: model.photos[0]))
    #expect(result.status == 0, "\(result.errors)")
    let named = try run(model.photos[0].path, "--heatmap", path("named.png"))
    #expect(named.status == 0)
    #expect(FileManager.default.contentsEqual(atPath: path("in.png"), andPath: path("named.png")))
  }

  @Test func `What cannot be done is said before anything is written`() throws {
    let photo = model.photos[0].path
    let unknown = try run(photo, "--heatmap", path("x.png"), "--class", "cats")
    #expect(unknown.status == 1 && unknown.errors.contains("no class \"cats\" among 5; similar: \"cat\""))
    let beyond = try run(photo, "--heatmap", path("x.png"), "--class", "7")
    #expect(beyond.status == 1 && beyond.errors.contains("no class 7, expected 0 to 4"))
    for several in [[photo, model.photos[1].path], [model.folder.path]] {
      let result = try Command.run(
        "xception-run", ["--model", model.file.path, "--heatmap", path("x.png")] + several)
      #expect(result.status == 64 && result.errors.contains("--report has the heatmaps of many"))
    }
    let text = try run(photo, "--heatmap", path("x.txt"))
    #expect(text.status == 64 && text.errors.contains("expected a name that ends in .png"))
    #expect(try run(photo, "--class", "cat").status == 64)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    let nowhere = try run(photo, "--heatmap", path("missing/x.png"))
    #expect(nowhere.status == 1 && nowhere.errors.contains("cannot be written: No such file or directory"))
  }

  @Test(arguments: [("a.png", "--heatmap"), ("a.html", "--report")])
  func `The picture itself is not written over`(name: String, option: String) throws {
    let picture = folder.appending(path: name)
    try FileManager.default.copyItem(at: model.photos[0], to: picture)
    let result = try run(picture.path, option, folder.path + "/./" + name)
    #expect(result.status == 1 && result.errors.contains("cannot be written: it is also an input"), "\(result.errors)")
    #expect(try Data(contentsOf: picture) == Data(contentsOf: model.photos[0]))
  }

  // MARK: Reports

  @Test func `A report shows each picture with its classes and heatmap, and failures, and needs no other file`() throws
  {
    let odd = folder.appending(path: "a <b> & \"c\".ppm")
    try FileManager.default.copyItem(at: model.photos[0], to: odd)
    try Data("no picture".utf8).write(to: folder.appending(path: "broken.png"))
    let result = try run(odd.path, model.photos[1].path, path("broken.png"), "--report", path("report.html"))
    #expect(result.status == 1 && result.lines.count == 2 * 6)
    let page = try String(contentsOf: folder.appending(path: "report.html"), encoding: .utf8)
    #expect(page.count(of: "<li>") == 3 && page.count(of: "data:image/png;base64,") == 4)
    #expect(page.count(of: "<tr>") == 2 * 5 && page.count(of: "class=\"heatmap\"") == 2)
    #expect(page.contains("<h2>\(folder.path)/a &lt;b&gt; &amp; &quot;c&quot;.ppm</h2>") && !page.contains("a <b>"))
    #expect(page.contains("class=\"error\"") && page.contains("3 pictures, 1 of them not classified"))
    #expect(!page.contains("http") && page.hasSuffix("</html>\n"))
  }

  @Test func `A report of a class has heatmaps of it, and cannot go on with an earlier run`() throws {
    let photo = model.photos[0].path
    let result = try run(photo, "--json", "--report", path("r.html"), "--class", "bee")
    #expect(try Line.all(result).first?.heatmap?.label == "bee", "\(result.errors)")
    #expect(try run(photo, "--report", path("r.html"), "--class", "1").status == 0)
    #expect(
      try String(contentsOfFile: path("r.html"), encoding: .utf8).contains("where the network sees the class bee:"))
    let resumed = try run(photo, "--output", path("r.jsonl"), "--resume", "--report", path("r2.html"))
    #expect(resumed.status == 64 && resumed.errors.contains("expected one of them"))
    let both = try run(photo, "--heatmap", path("h.png"), "--report", path("r2.html"))
    #expect(both.status == 64 && both.errors.contains("--heatmap and --report: expected one of them"))
    #expect(try run(photo, "--report", path("r.txt")).errors.contains("expected a name that ends in .html"))
    #expect(try run(photo, "--report", path("no/r.html")).errors.contains("cannot be written"))
  }

  // MARK: Layers

  @Test func `The option --output-layer tells a layer's values, and its error lists the layers`() throws {
    struct Values: Decodable {
      var image: String
      var layer: String
      var shape: [Int]
      var values: [Float]
    }
    let photo = model.photos[0].path
    let unknown = try run(photo, "--output-layer", "nowhere")
    #expect(unknown.status == 1 && unknown.errors.contains("there is no layer \"nowhere\", expected one of "))
    let name = "block14_sepconv2_act"
    try #require(unknown.errors.contains(name))
    let result = try run(photo, "--json", "--output-layer", name)
    #expect(result.status == 0, "\(result.errors)")
    let object = try JSONDecoder().decode(Values.self, from: Data(result.output.utf8))
    #expect(object.layer == name && object.shape == [2, 2, 128] && object.values.count == 512)
    // The features are their means.
    let features = try #require(try Line.all(run(photo, "--json", "--features")).first?.features)
    for channel in 0..<128 {
      let mean = (0..<4).reduce(0) { $0 + object.values[$1 * 128 + channel] } / 4
      #expect(abs(mean - features[channel]) < 1e-5)
    }
    let text = try run(photo, model.photos[1].path, "--output-layer", name)
    #expect(text.lines.count == 4 && text.lines[1].hasPrefix("\(name), 2x2x128: 0 to "), "\(text.output)")
    let table = try run(photo, "--output-layer", name, "--output", path("l.csv"))
    #expect(table.status == 64 && table.errors.contains("--output-layer needs an --output of .jsonl"))
  }
}

extension String {
  func count(of text: String) -> Int { components(separatedBy: text).count - 1 }
}
