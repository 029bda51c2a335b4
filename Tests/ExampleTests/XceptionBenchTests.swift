import Foundation
import ModelGraph
import Runtime
import SmallModel
import Testing

@Suite("xception-bench")
struct XceptionBenchTests {
  let model: SmallModel

  init() throws { model = try SmallModel.shared.get() }

  private func run(_ arguments: String...) throws -> Command.Result {
    try Command.run("xception-bench", [model.file.path, "--runs", "3"] + arguments)
  }

  /// The object on the last line.
  private func object(_ result: Command.Result) throws -> [String: Any] {
    let line = try #require(result.lines.last, "\(result.errors)")
    return try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test func `The option --json ends with one object that has times in order and says what was run`() throws {
    let report = try object(run("--json", "--threads", "1"))
    let times = ["min_ms", "median_ms", "p90_ms", "p99_ms"].compactMap { report[$0] as? Double }
    #expect(times.count == 4 && times == times.sorted() && times[0] > 0)
    for key in ["load_ms", "first_ms", "images_per_second", "arena_mb", "weights_mb"] {
      #expect(report[key] as? Double ?? 0 > 0, "\(key)")
    }
    #expect(report["threads"] as? Int == 1)
    #expect(report["precision"] as? String == "fp32")
    #expect(InstructionSet.supported.map(\.rawValue).contains(report["isa"] as? String))
    #expect(report["input"] as? String == "40x40x3")
  }

  @Test func `The option --disturb reports runs on one thread, on all, and on all beside busy loops`() throws {
    let report = try object(run("--disturb", "1", "--threads", "2", "--json"))
    for kind in ["alone", "quiet", "disturbed"] {
      let figures = try #require(report[kind] as? [String: Double], "\(kind)")
      let times = ["min_ms", "median_ms", "p90_ms"].compactMap { figures[$0] }
      #expect(times.count == 3 && times == times.sorted() && times[0] > 0)
    }
    #expect(report["disturbed_processors"] as? Int == 1)
    let table = try run("--disturb", "1")
    #expect(table.output.contains(/beside 1 busy processor +[0-9]+\.[0-9]{2} +[0-9]+\.[0-9]{2} +[0-9]+\.[0-9]{2}\n/))
    #expect(table.output.contains(/\ndisturbed in terms of 1 thread: [0-9]+\.[0-9]{2}\n/))
  }

  @Test(arguments: [["0"], ["100000"], ["1", "--batch", "2"], ["1", "--streams", "2"], ["1", "--profile"]])
  func `The option --disturb refuses what it cannot do`(arguments: [String]) throws {
    let result = try Command.run("xception-bench", [model.file.path, "--disturb"] + arguments)
    #expect(result.status != 0 && result.errors.contains("--disturb"))
  }

  @Test func `Without --json it prints a table`() throws {
    let result = try run("--batch", "2", "--streams", "3")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.lines[0].hasSuffix("3 runs of 2 images by each of 3 callers"))
    #expect(result.output.contains(/\nmedian +[0-9]+\.[0-9]{2}  ms\n/))
  }

  @Test func `The option --profile names the kernel of each stage, and --trace writes the same stages`() throws {
    let file = model.folder.appending(path: "trace.json")
    let result = try run("--profile", "--json", "--trace", file.path)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.lines[0].hasPrefix("stage"))
    #expect(try object(result)["peak_gflops"] as? Double ?? 0 > 0)
    let trace = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    let events = try #require(trace["traceEvents"] as? [[String: Any]])
    #expect(events.count > 10)
    for event in events { #expect(result.output.contains("\n\(event["name"] as? String ?? "?") ")) }
  }

  @Test(arguments: Precision.allCases)
  func `The option --precision chooses what the products run in, and the profile names it`(precision: Precision) throws
  {
    let result = try run("--precision", precision.rawValue, "--profile", "--json", "--isa", "portable")
    #expect(result.status == 0, "\(result.errors)")
    #expect(try object(result)["precision"] as? String == precision.rawValue)
    let dense = try #require(result.lines.first { $0.hasPrefix("predictions ") })
    #expect(dense.contains(precision == .float32 ? " fp32 " : " fp32 x \(precision.rawValue) "), "\(dense)")
    #expect(result.output.contains("GFLOP/s, as multiply-adds reach on registers alone in this run: "))
    if precision == .int8 {
      let separable = try #require(result.lines.first { $0.hasPrefix("block14_sepconv2 ") })
      #expect(separable.contains(", int8 "), "\(separable)")
    }
  }

  @Test func `The option --size changes the input, width before height`() throws {
    #expect(try object(run("--json", "--size", "50x33"))["input"] as? String == "33x50x3")
    let result = try run("--size", "2x2")
    #expect(result.status == 1 && result.errors.contains("block1_conv1"))
  }

  @Test
  func
    `The option --isa and the variable XCEPTION_ISA choose the instruction set, and an unsupported one is refused with the list`()
    throws
  {
    #expect(try object(run("--json", "--isa", "portable"))["isa"] as? String == "portable")
    let arguments = [model.file.path, "--runs", "1", "--json"]
    let result = try Command.run("xception-bench", arguments, environment: ["XCEPTION_ISA": "portable"])
    #expect(try object(result)["isa"] as? String == "portable")
    let refused = try run("--isa", "mmx")
    #expect(refused.status == 1 && refused.errors.contains("\"mmx\"") && refused.errors.contains("portable"))
  }

  @Test(arguments: [
    ["--runs", "0"], ["--threads", "0"], ["--batch", "-1"], ["--size", "299x"], ["--precision", "fp8"],
  ])
  func `What makes no sense is refused as wrong usage`(arguments: [String]) throws {
    #expect(try Command.run("xception-bench", [model.file.path] + arguments).status == 64)
  }

  @Test func `A file that is no model is an error`() throws {
    let result = try Command.run("xception-bench", [model.photos[0].path])
    #expect(result.status == 1 && result.errors.hasPrefix("xception-bench: "))
  }
}
