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
  /// The next worker of the same team by its index in the pool, or -1: an optional is no atomic word. Only the call that
  /// holds the claim uses it.
  let next = Atomic<Int>(-1)

  init(spin: Spin) { self.spin = spin }

  /// Takes an idle worker for a call.
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

  /// Returns a worker that has finished its assignment to the idle ones.
  func release() {
    assert(isClaimed, "only a claimed worker is released")
    state.bitwiseAnd(Flag.asleep, ordering: .releasing)
  }

  private var isClaimed: Bool { state.load(ordering: .relaxed) & ~Flag.asleep == Flag.claimed }

  /// Makes an idle worker's thread return.
  func stop() { publish(Flag.stopped) }

  private func publish(_ order: UInt64) {
    if state.exchange(order, ordering: .acquiringAndReleasing) & Flag.asleep != 0 { place.wake() }
  }

  /// Waits for assignments and performs them until the worker is stopped; runs on the worker's thread.
  func work(for teams: UnsafeMutablePointer<Team>) {
    while let assignment = nextAssignment() {
      let team = unsafe teams + assignment.team
      let member = unsafe Member(index: assignment.member, count: team.pointee.count, team: team)
      unsafe team.pointee.performer!.perform(at: team.pointee.work!, as: member)
      // From here until the caller releases it the worker is claimed by a call that is over.
      state.store(Flag.claimed, ordering: .relaxed)
      unsafe team.pointee.completion.finish()
    }
  }

  private func nextAssignment() -> (team: Int, member: Int)? {
    let ordered = Flag.assigned | Flag.stopped
    if !spin.wait(while: { state.load(ordering: .acquiring) & ordered == 0 }) {
      let before = state.bitwiseOr(Flag.asleep, ordering: .acquiringAndReleasing).oldValue
      if before & ordered == 0 { place.sleep { state.load(ordering: .acquiring) & ordered == 0 } }
    }
    let order = state.load(ordering: .acquiring)
    guard order & Flag.stopped == 0 else { return nil }
    return (Int(order >> 8 & 0xff_ffff), Int(order >> 32))
  }
}
