import Kernels
import Threads

/// One run of a plan, as the members of a team share it.
struct PlanRun: TeamWork {
  let plan: Plan
  let scratch: Scratch
  let input: BoundedPointer<Float>
  let output: BoundedPointer<Float>
  let features: BoundedPointer<Float>?
  let cancellation: Cancellation?
  let times: RunTimes?

  func perform(as member: Member) {
    let run = MemberRun(self, member)
    if member.index == 0 { times?.mark(0) }
    for index in plan.stages.indices {
      run.run(plan.stages[index])
      if member.index == 0, let cancellation, cancellation.isCancelled { scratch.isStopped[index & 1] = true }
      member.barrier()
      if member.index == 0 { times?.mark(index + 1) }
      if scratch.isStopped[index & 1] { return }
    }
  }
}
