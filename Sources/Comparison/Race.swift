internal import ModelGraph
package import Xception

/// How long two networks take, run in turns so that whatever else the machine does slows both.
package struct Race: Hashable, Sendable {
  /// The fastest run of each, in milliseconds.
  package var first: Double
  package var second: Double
  /// The timed runs of each.
  package var turns: Int

  private static let warmUps = 2
  private static let turns = 20
  /// Networks that take longer need fewer turns.
  private static let enough = Duration.seconds(6)
  private static let leastTurns = 5

  /// - Throws: What running a network throws.
  package static func run(_ first: ReadyNetwork, _ second: ReadyNetwork) throws -> Race {
    let executors = [first, second].map(\.executor)
    let inputs = executors.map { Metadata.Golden.input(seed: 1, count: $0.plan.inputShape.elementCount) }
    let clock = ContinuousClock()
    func milliseconds(_ index: Int) throws -> Double {
      try clock.measure { _ = try executors[index].run(inputs[index]) } / .milliseconds(1)
    }
    for _ in 0..<warmUps { for (executor, input) in zip(executors, inputs) { _ = try executor.run(input) } }
    var race = Race(first: .infinity, second: .infinity, turns: 0)
    let start = clock.now
    while race.turns < turns, race.turns < leastTurns || start.duration(to: clock.now) < enough {
      race.first = min(race.first, try milliseconds(0))
      race.second = min(race.second, try milliseconds(1))
      race.turns += 1
    }
    return race
  }

  /// Whether the second takes at least 2 % less time: a smaller difference is within the error of measurement.
  package var isSecondFaster: Bool { second < 0.98 * first }
}
