import Synchronization

/// Work that the members of a team share.
///
/// A type and not a closure, because a closure that is handed to other threads is allocated at each call.
package protocol TeamWork {
  /// Does one member's part. All members run at the same time.
  func perform(as member: Member)
}

/// One of the threads that run a piece of work together.
@safe package struct Member {
  /// 0 up to `count`; 0 is the caller.
  package let index: Int
  /// The size of the team: at least 1, at most what was asked for, and different from call to call.
  package let count: Int
  private let team: UnsafeMutablePointer<Team>?

  init(index: Int, count: Int, team: UnsafeMutablePointer<Team>?) {
    self.index = index
    self.count = count
    unsafe self.team = unsafe team
  }

  /// The caller, where it does the work by itself.
  static var alone: Member { unsafe Member(index: 0, count: 1, team: nil) }

  /// Waits until every member of the team has called it as often as this one has.
  ///
  /// What members wrote before it, all members see after it.
  package func barrier() {
    if let team = unsafe team, count > 1 { unsafe team.pointee.barrier.arrive(of: count) }
  }

  /// This member's part of `0..<total` when it is split evenly and in order, in multiples of `step`.
  package func share(of total: Int, step: Int = 1) -> Range<Int> {
    let steps = (total + step - 1) / step
    let (quotient, remainder) = steps.quotientAndRemainder(dividingBy: count)
    let first = quotient * index + min(index, remainder)
    let last = first + quotient + (index < remainder ? 1 : 0)
    return min(first * step, total)..<min(last * step, total)
  }
}

/// What the members of one call share. A pool makes its teams once.
@safe struct Team: ~Copyable {
  /// The work and its type, set by the caller before it publishes its assignments.
  var work: UnsafeRawPointer?
  var performer = Performer.none
  var count = 1
  let barrier: Barrier
  let completion: Completion
  let phases: Phases
  /// The number of members that may still read this, the caller among them, plus the vacancies; a team with 0 is free.
  let present = Atomic<Int>(0)
  /// How many of the members that are wanted have no worker yet; they are those with the highest numbers.
  private let vacancies = Atomic<Int>(0)

  /// The kind of the work.
  enum Performer {
    case none
    case team(any TeamWork.Type)
    case tickets(any TicketWork.Type)
  }

  init(members: Int, spin: Spin, delay: (@Sendable () -> Void)?) {
    barrier = Barrier(spin: spin)
    completion = Completion(spin: spin)
    phases = Phases(members: members, spin: spin, delay: delay)
  }

  /// Takes a free team for a call.
  func occupy(by members: Int) -> Bool {
    present.compareExchange(expected: 0, desired: members, ordering: .acquiring).exchanged
  }

  /// A member's last access to the team.
  func leave(_ members: Int = 1) { present.subtract(members, ordering: .releasing) }

  /// Whether a worker can still become a member.
  var hasVacancy: Bool { vacancies.load(ordering: .sequentiallyConsistent) > 0 }

  func announce(vacancies count: Int) { vacancies.store(count, ordering: .sequentiallyConsistent) }

  /// Ends the search for members.
  ///
  /// - Returns: How many places stayed vacant.
  func withdrawVacancies() -> Int { vacancies.exchange(0, ordering: .relaxed) }

  /// Makes a worker a member, and returns its number.
  func takeVacancy() -> Int? {
    var current = vacancies.load(ordering: .relaxed)
    while current > 0 {
      let (taken, found) = vacancies.compareExchange(
        expected: current, desired: current - 1, ordering: .acquiringAndReleasing)
      if taken { return count - current }
      current = found
    }
    return nil
  }
}

extension TeamWork {
  /// Does a member's part of the work at an address.
  static func perform(at work: UnsafeRawPointer, as member: Member) {
    unsafe work.assumingMemoryBound(to: Self.self).pointee.perform(as: member)
  }
}

extension TicketWork {
  /// Takes part in the work at an address until it is done.
  static func takePart(in work: UnsafeRawPointer, _ phases: borrowing Phases, as member: Int, of members: Int) {
    unsafe phases.takePart(in: work.assumingMemoryBound(to: Self.self), as: member, of: members)
  }
}

/// A barrier that can be used again at once: each round has a number.
struct Barrier: ~Copyable {
  /// The round times two, plus one while a member sleeps in it.
  private let round = Atomic<UInt>(0)
  private let arrived = Atomic<Int>(0)
  private let spin: Spin
  private let place = SleepingPlace()

  init(spin: Spin) { self.spin = spin }

  func arrive(of count: Int) {
    // The round cannot end before this member has arrived, so this is the one it belongs to.
    let current = round.load(ordering: .acquiring) & ~1
    if arrived.add(1, ordering: .acquiringAndReleasing).newValue == count {
      arrived.store(0, ordering: .relaxed)
      if round.exchange(current &+ 2, ordering: .acquiringAndReleasing) & 1 != 0 { place.wake() }
      return
    }
    if spin.wait(while: { round.load(ordering: .acquiring) & ~1 == current }) { return }
    let (announced, found) = round.compareExchange(
      expected: current, desired: current | 1, ordering: .acquiringAndReleasing)
    guard announced || found == current | 1 else { return }
    place.sleep { round.load(ordering: .acquiring) & ~1 == current }
  }
}

/// Lets the caller wait until all workers of its team have finished.
struct Completion: ~Copyable {
  /// The number of workers at work times two, plus one while the caller sleeps.
  private let atWork = Atomic<UInt>(0)
  private let spin: Spin
  private let place = SleepingPlace()

  init(spin: Spin) { self.spin = spin }

  func expect(_ workers: Int) { atWork.store(UInt(workers) * 2, ordering: .relaxed) }

  func finish() {
    let before = atWork.subtract(2, ordering: .acquiringAndReleasing).oldValue
    assert(before >= 2, "more workers have finished than were at work")
    if before == 3 { place.wake() }
  }

  func wait() {
    if spin.wait(while: { atWork.load(ordering: .acquiring) != 0 }) { return }
    guard atWork.bitwiseOr(1, ordering: .acquiringAndReleasing).newValue > 1 else { return }
    place.sleep { atWork.load(ordering: .acquiring) > 1 }
  }
}
