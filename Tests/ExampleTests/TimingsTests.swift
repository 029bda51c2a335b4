import Foundation
import SmallModel
import Testing

/// What `xception-run --timings` prints.
struct TimingsTests {
  let model: SmallModel

  init() throws { model = try SmallModel.shared.get() }

  /// The milliseconds of each line, in order.
  static func lines(_ errors: String) -> [(name: String, milliseconds: Double)] {
    errors.matches(of: /(?m)^(.*\S) +([0-9.]+) ms$/).map { (String($0.1), Double($0.2)!) }
  }

  @Test func `The parts of a run add up to all of it at most, and that to what a clock outside says`() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let result = try Command.run("xception-run", ["--model", model.file.path, "--timings", model.photos[0].path])
    let wall = start.duration(to: clock.now) / .milliseconds(1)
    #expect(result.status == 0)
    let lines = Self.lines(result.errors)
    #expect(
      lines.map(\.name) == [
        "start the process", "open the model", "optimize the graph", "inflate and pack the weights", "decode",
        "preprocess", "inference", "free the memory", "all since the start of the process",
      ])
    let parts = lines.dropLast().reduce(0) { $0 + $1.milliseconds }
    let all = try #require(lines.last).milliseconds
    // Of nine figures each is rounded by 0.05 at most; the system's start of the process is of hundredths of a second.
    #expect(parts <= all + 0.5)
    #expect(all <= wall + 10.1)
    #expect(lines[0].milliseconds > 0)
  }
}
