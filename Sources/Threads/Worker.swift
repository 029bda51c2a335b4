import Synchronization

/// A thread of a pool, as callers see it: idle, claimed, given an assignment, or told to stop.
struct Worker: ~Copyable {
  private enum Flag {
    static let asleep: UInt64 = 1
    static let claimed: UInt64 = 2
    static let assigned: UInt64 = 4
    static let stopped: UInt64 = 8
  }

  /// Flags, and in an assignment the team in bits 8 to 31 and the member's index above.
  private let state = Atomic<UInt64>(0)
  private let spin: Spin
  private let place = SleepingPlace()
  /// The next worker of the same team by its index in the pool, or -1, as an optional is not an atomic word. Only the
  /// call that holds the claim uses it.
  let next = Atomic<Int>(-1)

  init(spin: Spin) { self.spin = spin }

  /// Claims an idle worker, for a call or for the worker itself.
  func claim() -> Bool {
    var current = state.load(ordering: .relaxed)
    while current | Flag.asleep == Flag.asleep {
      let (taken, found) = state.compareExchange(
        expected: current, desired: current | Flag.claimed, ordering: .acquiring)
      if taken { return true }
      current = found
    }
    return false
  }

  /// Gives a claimed worker its part in a team.
  func assign(team: Int, member: Int) {
    assert(isClaimed, "only a claimed worker is given work")
    publish(Flag.assigned | UInt64(team) << 8 | UInt64(member) << 32)
  }

  /// Returns a worker to the idle ones.
  ///
  /// The worker writes this word and then reads the vacancies; the caller writes a vacancy and then reads this word.
  /// All threads see these in one order, so either the worker sees the vacancy or the caller sees an idle worker.
  func release() { state.bitwiseAnd(Flag.asleep | Flag.stopped, ordering: .sequentiallyConsistent) }

  private var isClaimed: Bool { state.load(ordering: .relaxed) & ~Flag.asleep == Flag.claimed }

  /// Makes an idle worker's thread return.
  func stop() { publish(Flag.stopped) }

  private func publish(_ order: UInt64) {
    if state.exchange(order, ordering: .acquiringAndReleasing) & Flag.asleep != 0 { place.wake() }
  }

  /// Waits for assignments and performs them until the worker is stopped; runs on the worker's thread.
  func work(for teams: UnsafeMutableBufferPointer<Team>) {
    while let assignment = nextAssignment() {
      unsafe perform(assignment, for: teams)
      while let assignment = unsafe vacancy(in: teams) { unsafe perform(assignment, for: teams) }
    }
  }

  private func perform(_ assignment: Assignment, for teams: UnsafeMutableBufferPointer<Team>) {
    let team = unsafe teams.baseAddress! + assignment.team
    let work = unsafe team.pointee.work!
    switch unsafe team.pointee.performer {
    case .none: preconditionFailure("a worker is given no work")
    case .team(let performer):
      unsafe performer.perform(at: work, as: Member(index: assignment.member, count: team.pointee.count, team: team))
      // The caller waits for all its workers: it finds them idle at its next call.
      release()
      unsafe team.pointee.completion.finish()
    case .tickets(let performer):
      unsafe performer.takePart(in: work, team.pointee.phases, as: assignment.member, of: team.pointee.count)
      unsafe team.pointee.leave()
      release()
    }
  }

  /// A place in a call that is still short of members, because its workers came too late.
  private func vacancy(in teams: UnsafeMutableBufferPointer<Team>) -> Assignment? {
    var team = teams.startIndex
    while team < teams.endIndex {
      if unsafe teams[team].hasVacancy {
        guard claim() else { return nil }
        if let member = unsafe teams[team].takeVacancy() { return Assignment(team: team, member: member) }
        // Meanwhile another may have looked for a worker in vain.
        release()
        team = 0
      } else {
        team += 1
      }
    }
    return nil
  }

  private struct Assignment {
    var team: Int
    var member: Int
  }

  private func nextAssignment() -> Assignment? {
    let ordered = Flag.assigned | Flag.stopped
    if !spin.wait(while: { state.load(ordering: .acquiring) & ordered == 0 }) {
      let before = state.bitwiseOr(Flag.asleep, ordering: .acquiringAndReleasing).oldValue
      if before & ordered == 0 { place.sleep { state.load(ordering: .acquiring) & ordered == 0 } }
    }
    let order = state.load(ordering: .acquiring)
    guard order & Flag.stopped == 0 else { return nil }
    return Assignment(team: Int(order >> 8 & 0xff_ffff), member: Int(order >> 32))
  }
}
