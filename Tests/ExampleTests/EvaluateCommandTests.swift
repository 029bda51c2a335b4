import Foundation
import SmallModel
import Testing

@Suite("xception-inspect evaluate")
struct EvaluateCommandTests {
  let model: SmallModel
  let folder: URL
  /// The class that the model takes each photo for.
  let answers: [String]
  /// The class whose folder each photo is in.
  let folders: [String]

  init() throws {
    model = try SmallModel.shared.get()
    folder = model.folder.appending(path: "evaluate-\(UUID().uuidString)")
    let run = try Command.run(
      "xception-run", ["--model", model.file.path, "--json", "--top", "1"] + model.photos.map(\.path))
    let answers = try Line.all(run).map { try #require($0.predictions?.first?.label) }
    // The first photo lies in its class's folder, the second in one of another class.
    let other = try #require(SmallModel.labels.first { $0 != answers[1] && $0 != answers[0] })
    self.answers = answers
    folders = [answers[0], other]
    for (photo, name) in zip(model.photos, folders) {
      let place = folder.appending(path: name)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: photo, to: place.appending(path: photo.lastPathComponent))
    }
    try Data("no picture".utf8).write(to: folder.appending(path: other).appending(path: "bad.png"))
  }

  private func evaluate(_ arguments: String...) throws -> Command.Result {
    try Command.run("xception-inspect", ["evaluate"] + arguments)
  }

  @Test func `It counts what is right, and leaves out and lists what cannot be read`() throws {
    let result = try evaluate(model.file.path, folder.path)
    // As with xception-run, where a picture could not be classified.
    #expect(result.status == 1 && result.errors.isEmpty, "\(result.errors)")
    #expect(result.output.contains("2 pictures, 1 more not classified"))
    #expect(result.output.contains("50.0 % (9.5 to 90.5 %), 1 of 2"))
    #expect(result.output.contains("bad.png: "))
    #expect(result.output.contains(/\d % to \d+\.\d % +[12] +\d+\.\d % +(0|50|100)\.0 %/), "\(result.output)")
  }

  @Test func `The option --json gives the same figures, and two models are compared picture by picture`() throws {
    let result = try evaluate("--json", model.file.path, model.file.path, folder.path)
    let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let report = try #require(object)
    let models = try #require(report["models"] as? [[String: Any]])
    for model in models {
      let accuracy = (model["classes"] as? [String: Any])?["top1Accuracy"] as? [String: Any]
      #expect(accuracy?["count"] as? Int == 1)
      #expect(accuracy?["total"] as? Int == 2)
    }
    let pair = try #require((report["pairs"] as? [[String: Any]])?.first)
    #expect((pair["agreement"] as? [String: Any])?["count"] as? Int == 2)
    #expect((pair["mcNemar"] as? [String: Any])?["probability"] as? Double == 1)
  }

  @Test func `Two precisions of one model are compared`() throws {
    let options = ["--precision", "fp32", "--precision", "int8"]
    let result = try Command.run(
      "xception-inspect", ["evaluate", model.file.path, model.file.path, folder.path] + options)
    let name = model.file.path
    #expect(result.output.contains("\(name) (fp32)") && result.output.contains("\(name) (int8)"), "\(result.output)")
    let three = try Command.run(
      "xception-inspect", ["evaluate", model.file.path, model.file.path, model.file.path, folder.path] + options)
    #expect(three.status == 64 && three.errors.contains("given 2 times for 3 models"))
  }

  @Test func `A list names files from its own folder, with names or numbers of classes`() throws {
    let list = model.folder.appending(path: "truth.csv")
    let number = try #require(SmallModel.labels.firstIndex(of: answers[1]))
    let names = model.photos.map(\.lastPathComponent)
    try Data("file,label\n\(names[0]),\(answers[0])\n\(names[1]),\(number)\n".utf8).write(to: list)
    let result = try evaluate(model.file.path, list.path)
    #expect(result.output.contains("100.0 % (34.2 to 100.0 %), 2 of 2"), "\(result)")
    try Data("\(names[0]),cow\n".utf8).write(to: list)
    let refused = try evaluate(model.file.path, list.path)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("\"cow\" is not a class of the model; its classes are ant, bee, cat, dog, elk"))
  }

  @Test func `A list may name files whose names are not UTF-8`() throws {
    let name = model.folder.path + "/caf"
    let list = model.folder.appending(path: "bytes-\(UUID().uuidString).csv")
    let copy = try Command.shell("cp '\(model.photos[0].path)' \"$(printf '\(name)\\351.ppm')\"")
    try #require(copy.status == 0, "\(copy.errors)")
    try
      (Data("file,label\ncaf".utf8) + [0xe9] + Data(".ppm,\(answers[0])\n\"caf".utf8) + [0xea]
      + Data(".ppm\",\(answers[0])\n".utf8)).write(to: list)
    let result = try evaluate(model.file.path, list.path)
    #expect(result.output.hasPrefix("1 picture, 1 more not classified\n"), "\(result)")
    #expect(result.output.contains("\n  caf\\xea.ppm: "))
    try Data([0xff, 0xfe, 0x61, 0]).write(to: list)
    #expect(try evaluate(model.file.path, list.path).errors.contains("it has a zero byte, expected text in UTF-8"))
  }

  @Test func `Classes may have other names in folders, as --classes says`() throws {
    let places = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    let list = model.folder.appending(path: "classes-\(UUID().uuidString).csv")
    var lines = "name,class\n"
    for (index, place) in places.enumerated() {
      lines += "n0000000\(index),\(place.lastPathComponent)\n"
      try FileManager.default.moveItem(at: place, to: folder.appending(path: "n0000000\(index)"))
    }
    try Data(lines.utf8).write(to: list)
    let refused = try evaluate(model.file.path, folder.path)
    #expect(refused.status == 1 && refused.errors.contains("--classes FILE, with lines of name,class"), "\(refused)")
    let result = try evaluate(model.file.path, folder.path, "--classes", list.path)
    #expect(result.output.contains("50.0 % (9.5 to 90.5 %), 1 of 2"), "\(result)")
  }

  @Test func `Many arguments are refused or taken in little time`() throws {
    let names = (0..<20_000).map { "photo\($0).jpg" }
    let clock = ContinuousClock()
    for (command, arguments) in [
      ("xception-inspect", ["evaluate", model.file.path] + names), ("xception-inspect", names),
      ("xception-bench", names),
      ("xception-convert", names),
    ] {
      var result: Command.Result?
      let time = try clock.measure { result = try Command.run(command, arguments) }
      #expect(try #require(result).status != 0 && time < .seconds(5), "\(command) takes \(time)")
    }
    // Joined or not, the truth is the last and the models are those before it.
    let many = try evaluate(model.file.path, model.file.path, model.file.path, folder.path, "--json")
    #expect(many.output.components(separatedBy: "\"kind\"").count == 4, "\(many)")
  }

  @Test func `The page is not written over a picture, by whatever name, nor to a file of another ending`() throws {
    let photo = try #require(
      model.photos.first.map { folder.appending(path: answers[0]).appending(path: $0.lastPathComponent) })
    let bytes = try Data(contentsOf: photo)
    let page = model.folder.appending(path: "picture-\(UUID().uuidString).html")
    try FileManager.default.linkItem(at: photo, to: page)
    let ofPicture = try evaluate(model.file.path, folder.path, "--html", page.path)
    #expect(ofPicture.status == 1 && ofPicture.errors.contains("it is also an input"), "\(ofPicture)")
    let list = model.folder.appending(path: "pictures-\(UUID().uuidString).csv")
    try Data("\(photo.path),\(answers[0])\n".utf8).write(to: list)
    try FileManager.default.removeItem(at: page)
    try FileManager.default.createSymbolicLink(at: page, withDestinationURL: photo)
    let ofListed = try evaluate(model.file.path, list.path, "--html", page.path)
    #expect(ofListed.status == 1 && ofListed.errors.contains("it is also an input"), "\(ofListed)")
    let otherEnding = try evaluate(model.file.path, folder.path, "--html", photo.path)
    #expect(otherEnding.status == 64 && otherEnding.errors.contains("expected a name that ends in .html"))
    #expect(try Data(contentsOf: photo) == bytes)
  }

  @Test func `The page needs no other file, and shows the confusions and the mistake`() throws {
    let page = model.folder.appending(path: "page-\(UUID().uuidString).html")
    #expect(try evaluate(model.file.path, folder.path, "--html", page.path).status == 1)
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(text.contains("<svg class=\"matrix\""))
    #expect(text.contains("data:image/png;base64,"))
    #expect(!text.contains("http"))
    #expect(text.contains(model.photos[1].lastPathComponent))
    // The classes that occur are named beside rows and columns.
    let shown = Set(answers + folders)
    for name in shown {
      for kind in ["row", "column"] { #expect(text.contains(try Regex("<text class=\"\(kind)\"[^>]*>\(name)</text>"))) }
    }
  }

  @Test func `The page of two precisions tells them apart`() throws {
    let page = model.folder.appending(path: "page-\(UUID().uuidString).html")
    let name = model.file.path
    _ = try evaluate(name, name, folder.path, "--precision", "fp32", "--precision", "int8", "--html", page.path)
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(text.contains("<title>Evaluation of \(name) (fp32), \(name) (int8)</title>"))
    #expect(text.contains("<h2>\(name) (fp32)</h2>") && text.contains("<h2>\(name) (int8)</h2>"))
    #expect(text.contains("<h2>A: \(name) (fp32), B: \(name) (int8)</h2>"))
  }

  @Test func `Thumbnails take far less memory than their pictures`() throws {
    // 18 megapixels, 54 MB, in another class's folder than the model takes it for, as are the others.
    let wide = folder.appending(path: "\(folders[1])/wide.ppm")
    try (Data("P6 6000 3000 255\n".utf8) + Data(repeating: 77, count: 54_000_000)).write(to: wide)
    let page = model.folder.appending(path: "page-\(UUID().uuidString).html")
    let command = Command.folder.appending(path: "xception-inspect").path
    let script = "'\(command)' evaluate '\(model.file.path)' '\(folder.path)'"
    func peak(_ options: String) throws -> Int {
      let result = try Command.shell(
        "/usr/bin/env python3 -c 'import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); "
          + "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' " + script.replacing("'", with: "")
          + options)
      return try #require(Int(result.output.split(separator: "\n").last ?? ""), "\(result)")
    }
    let (without, with) = (try peak(""), try peak(" --html " + page.path))
    #expect(try String(contentsOf: page, encoding: .utf8).contains("wide.ppm"))
    #expect(with - without < 40_000, "\(without) KB without a page, \(with) KB with one")
  }
}
