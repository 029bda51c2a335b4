import Foundation
import SmallModel
import Testing

@Suite("xception-run")
struct XceptionRunTests {
  let model: SmallModel

  init() throws { model = try SmallModel.shared.get() }

  private func run(_ arguments: [String], input: Data? = nil, environment: [String: String] = [:]) throws
    -> Command.Result
  {
    try Command.run("xception-run", arguments, input: input, environment: environment)
  }

  @Test func `It prints the most probable classes, the likeliest first`() throws {
    let result = try run(["--model", model.file.path, "--top", "3", model.photos[0].path])
    #expect(result.status == 0)
    let percentages = try result.lines.map { line in
      let match = try #require(line.wholeMatch(of: /\ *([0-9.]+) % (ant|bee|cat|dog|elk)/))
      return try #require(Double(match.1))
    }
    #expect(percentages.count == 3)
    #expect(percentages == percentages.sorted(by: >))
  }

  @Test func `The option --json prints an object per image per line, with all classes for --top 0`() throws {
    let result = try run(["--model", model.file.path, "--json", "--top", "0"] + model.photos.map(\.path))
    #expect(result.status == 0)
    let lines = try Line.all(result)
    #expect(lines.map(\.image) == model.photos.map(\.path))
    for line in lines {
      let predictions = try #require(line.predictions)
      #expect(Set(predictions.map(\.label)) == Set(SmallModel.labels))
      #expect(abs(predictions.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
      #expect(line.milliseconds?.keys.sorted() == ["decode", "inference", "preprocess"])
      #expect(line.features == nil)
    }
  }

  @Test func `The option --precision chooses what the network computes in, and every line says what ran`() throws {
    func lines(_ precision: String) throws -> [Line] {
      let options = ["--model", model.file.path, "--json", "--top", "0", "--features", "--precision", precision]
      return try Line.all(run(options + model.photos.map(\.path)))
    }
    let exact = try lines("auto")
    #expect(exact.map(\.precision) == ["fp32", "fp32"])
    #expect(try lines("fp32").map(\.features) == exact.map(\.features))
    for precision in ["bf16", "int8"] {
      let coarse = try lines(precision)
      #expect(coarse.map(\.precision) == [precision, precision])
      for (a, b) in zip(coarse, exact) {
        #expect(a.features != b.features)
        let (x, y) = (try #require(a.features), try #require(b.features))
        let scale = y.map(\.magnitude).max() ?? 0
        #expect(zip(x, y).allSatisfy { abs($0 - $1) < 0.1 * scale })
      }
    }
  }

  @Test func `The option --features adds the values that enter the classifier`() throws {
    let line = try Line.all(run(["--model", model.file.path, "--json", "--features", model.photos[0].path]))[0]
    #expect(line.features?.count == 2048 / 16)
  }

  @Test func `One bad image does not stop the others: it gets an error, and the exit code is 1`() throws {
    let bad = model.folder.appending(path: "bad.jpg")
    try Data("not an image".utf8).write(to: bad)
    let result = try run(["--model", model.file.path, "--json", bad.path, "/nowhere/at/all", model.photos[0].path])
    #expect(result.status == 1)
    #expect(result.errors.contains("bad.jpg"))
    let lines = try Line.all(result)
    #expect(lines.count == 3)
    #expect(lines[0].error != nil && lines[1].error != nil)
    #expect(lines[2].predictions?.count == 5)
  }

  @Test func `The name - reads an image from standard input`() throws {
    let photo = try Data(contentsOf: model.photos[0])
    let piped = try Line.all(run(["--model", model.file.path, "--json", "-"], input: photo))[0]
    let named = try Line.all(run(["--model", model.file.path, "--json", model.photos[0].path]))[0]
    #expect(piped.image == "-")
    #expect(piped.predictions?.map(\.probability) == named.predictions?.map(\.probability))
  }

  @Test func `XCEPTION_MODEL names the model, and without any the error says how to get one`() throws {
    let nowhere = ["XDG_CACHE_HOME": model.folder.path, "HOME": model.folder.path]
    let found = try run(
      [model.photos[0].path], environment: nowhere.merging(["XCEPTION_MODEL": model.file.path]) { $1 })
    #expect(found.status == 0)
    let missing = try run([model.photos[0].path], environment: nowhere.merging(["XCEPTION_MODEL": ""]) { $1 })
    #expect(missing.status == 1)
    #expect(missing.errors.contains("Examples/quickstart.sh"))
  }

  @Test func `The preprocessing can be overridden`() throws {
    func probabilities(_ options: [String]) throws -> [Float]? {
      try Line.all(run(["--model", model.file.path, "--json", model.photos[0].path] + options))[0].predictions?
        .map(\.probability)
    }
    #expect(try probabilities([]) != probabilities(["--filter", "bicubic"]))
    #expect(try probabilities(["--preprocess", "keras"]) == probabilities([]))
  }

  @Test(arguments: ["1", "2", "3"])
  func `Any number of threads gives bitwise the same`(count: String) throws {
    let one = try Line.all(run(["--model", model.file.path, "--json", model.photos[0].path, "--threads", "1"]))[0]
    let some = try Line.all(run(["--model", model.file.path, "--json", model.photos[0].path, "--threads", count]))[0]
    #expect(one.predictions?.map(\.probability) == some.predictions?.map(\.probability))
  }

  @Test(arguments: [
    ["--top", "-1"], ["--threads", "0"], ["--features"], ["--no-such-option"], ["-", "-"],
    ["--precision", "fp16"],
  ])
  func `Wrong usage exits with 64 and says what is wrong`(arguments: [String]) throws {
    let result = try run(["--model", model.file.path, model.photos[0].path] + arguments)
    #expect(result.status == 64)
    #expect(!result.errors.isEmpty)
  }

  @Test func `An instruction set that does not exist is refused with the list of those that do`() throws {
    let arguments = ["--model", model.file.path, model.photos[0].path]
    let results = [
      try run(arguments + ["--isa", "mmx"]), try run(arguments, environment: ["XCEPTION_ISA": "mmx"]),
    ]
    for result in results {
      #expect(result.status == 1)
      #expect(result.errors.contains("portable"))
    }
  }

  @Test func `A file that is no weights file is refused`() throws {
    let result = try run(["--model", model.photos[0].path, model.photos[0].path])
    #expect(result.status == 1)
    #expect(result.errors.contains(model.photos[0].path))
  }
}
