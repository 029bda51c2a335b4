import Kernels
import Threads

/// One run of a plan, shared by the members of a team: a phase for each stage.
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
      times?.mark(phase.number)
      if let cancellation, cancellation.isCancelled {
        scratch.isCancelled[0] = true
        return 0
      }
    }
    guard phase.number < plan.stages.count else { return 0 }
    if phase.number == 0 { scratch.divide(plan.stages, members: members) }
    phase.division = scratch.divisions[phase.number]
    phase.number += 1
    phase.tickets = Division.tickets(of: phase.division.units, members: members)
    scratch.phase[0] = phase
    return phase.tickets
  }

  func perform(_ tickets: Range<Int>, as member: Int) {
    let phase = scratch.phase[0]
    scratch[member].run(plan.stages[phase.number - 1], phase, tickets)
  }
}

/// The position of a run: what its members do until all tickets are performed.
struct Phase {
  /// Counts the phases of the run, from 1 on.
  var number = 0
  var division = Division(.units(1), members: 1)
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
