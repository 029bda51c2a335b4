import Kernels
import Threads

/// One run of a plan, shared by the members of a team: one phase for each stage, or more for a stage whose rows they
/// make together.
struct PlanRun: TicketWork {
  let plan: Plan
  let scratch: Scratch
  let cancellation: Cancellation?
  let times: RunTimes?

  init(
    plan: Plan, scratch: Scratch, input: BoundedPointer<Float>, output: BoundedPointer<Float>,
    features: BoundedPointer<Float>?, map: BoundedPointer<Float>? = nil, cancellation: Cancellation?, times: RunTimes?
  ) {
    self.plan = plan
    self.scratch = scratch
    self.cancellation = cancellation
    self.times = times
    scratch.begin(CallBuffers(input: input, output: output, features: features, map: map))
  }

  func beginPhase(members: Int) -> Int {
    var phase = scratch.phase[0]
    if phase.number == 0 {
      times?.mark(0)
    } else {
      phase.part += 1
      if phase.part == phase.division.parts {
        times?.mark(phase.stage + 1)
        if let cancellation, cancellation.isCancelled {
          scratch.isCancelled[0] = true
          return 0
        }
        phase.stage += 1
        phase.part = 0
      }
    }
    guard phase.stage < plan.stages.count else { return 0 }
    if phase.part == 0 { phase.division = Division(plan.stages[phase.stage].size, members: members) }
    phase.number += 1
    phase.units = phase.division.units(inPart: phase.part)
    phase.tickets = Division.tickets(of: phase.units, members: members)
    scratch.phase[0] = phase
    return phase.tickets
  }

  func perform(_ tickets: Range<Int>, as member: Int) {
    let phase = scratch.phase[0]
    scratch[member].run(plan.stages[phase.stage], phase, tickets)
  }
}

/// The position of a run: what its members do until all tickets are performed.
struct Phase {
  /// Counts all phases of the run, from 1 on.
  var number = 0
  var stage = 0
  /// Counts the phases of the stage.
  var part = 0
  var division = Division(.units(1), members: 1)
  /// What the tickets divide: rows, tiles, columns.
  var units = 0
  var tickets = 0

  /// The part of `0..<total` that belongs to some tickets.
  func share(of total: Int, _ tickets: Range<Int>) -> Range<Int> {
    total * tickets.lowerBound / self.tickets..<total * tickets.upperBound / self.tickets
  }
}

/// The caller's memory.
struct CallBuffers {
  var input: BoundedPointer<Float>
  var output: BoundedPointer<Float>
  var features: BoundedPointer<Float>?
  var map: BoundedPointer<Float>?
}
