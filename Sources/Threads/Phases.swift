import Synchronization

/// How the members of a team share work in phases of tickets.
///
/// Each member has a queue of consecutive tickets, so that it works on the same part of the data in every phase; when
/// its own queue is empty, it takes tickets from the fullest one. Whoever performs the last ticket of a phase begins
/// the next. A member without a ticket touches nothing but this object, which lives as long as the pool, so a member
/// that arrives late, even after the work is done, delays nobody. One that loses its processor in the middle of a ticket is
/// lent that of a member that waits for it.
@safe struct Phases: ~Copyable {
  private enum Flag {
    static let asleep: UInt64 = 1
    static let over: UInt64 = 2
  }

  /// In larger teams several members share a queue.
  private static let mostQueues = 32

  /// The phase's number in the upper half; the number of its tickets; flags.
  private let phase = Atomic<UInt64>(Flag.over)
  private let padding = InlineArray<15, UInt64>(repeating: 0)
  /// How many tickets have not been performed yet.
  private let unperformed = Atomic<Int>(0)
  private let queues: UnsafeMutablePointer<TicketQueue>
  private let queueCount: Int
  /// The number of the phase that all queues are known to have reached.
  private let reached = Atomic<UInt32>(0)
  private let spin: Spin
  private let place = SleepingPlace()
  /// Called wherever a member may be delayed; set by tests only.
  private let delay: (@Sendable () -> Void)?
  /// In which a thread that has a processor gets on by more than its clock's resolution.
  private static let moment = Spin(nanoseconds: 5000)

  /// - Parameter number: Of the phase that seems to have ended last; for tests.
  init(members: Int, spin: Spin, delay: (@Sendable () -> Void)?, after number: UInt32 = 0) {
    phase.store(UInt64(number) << 32 | Flag.over, ordering: .relaxed)
    self.spin = spin
    self.delay = delay
    queueCount = min(members, Self.mostQueues)
    unsafe queues = .allocate(capacity: queueCount)
    for index in 0..<queueCount { unsafe (queues + index).initialize(to: TicketQueue()) }
  }

  deinit {
    unsafe queues.deinitialize(count: queueCount)
    unsafe queues.deallocate()
  }

  /// Begins the first phase; the caller does, before others take part.
  func begin<Work: TicketWork>(_ work: Work, members: Int) {
    letIdleQueuesFollow()
    publish(Self.next(work, members: members, as: 0), after: phase.load(ordering: .relaxed))
  }

  /// Brings queues that small teams have not used for long to the last phase: of 2^31 phases ago, they would count as being
  /// at a later one. No member of an earlier call is present, and a single call has fewer than 2^30 phases.
  private func letIdleQueuesFollow() {
    let number = UInt32(phase.load(ordering: .relaxed) >> 32)
    guard number &- reached.load(ordering: .relaxed) >= 1 << 30 else { return }
    for queue in 0..<queueCount { unsafe queues[queue].follow(toPhase: number) }
    reached.store(number, ordering: .relaxed)
  }

  /// Performs tickets until the work is done.
  func takePart<Work: TicketWork>(in work: UnsafePointer<Work>, as member: Int, of members: Int) {
    // The thread of a caller is not the pool's to move.
    let thread = member == 0 ? 0 : BorrowedProcessor.thread
    var current = phase.load(ordering: .acquiring) & ~Flag.asleep
    while current & Flag.over == 0 {
      var performed = 0
      while true {
        delay?()
        let tickets = take(from: current, as: member, of: members)
        if tickets.isEmpty { break }
        if performed == 0 { show(thread, as: member) }
        delay?()
        unsafe work.pointee.perform(tickets, as: member)
        performed += tickets.count
      }
      if performed > 0 { show(0, as: member) }
      delay?()
      if performed > 0, unperformed.subtract(performed, ordering: .acquiringAndReleasing).newValue == 0 {
        current = publish(unsafe Self.next(work.pointee, members: members, as: member), after: current)
      } else {
        current = change(of: current)
      }
    }
  }

  private func show(_ thread: Int, as member: Int) {
    if member < queueCount { unsafe queues[member].performer.store(thread, ordering: .relaxed) }
  }

  /// Takes tickets of a phase: from this member's queue, or from the fullest one.
  private func take(from phase: UInt64, as member: Int, of members: Int) -> Range<Int> {
    let number = UInt32(phase >> 32)
    let tickets = Int(phase >> 16 & 0xffff)
    let count = min(members, queueCount)
    func dealt(_ queue: Int) -> Range<Int> { tickets * queue / count..<tickets * (queue + 1) / count }
    let own = member % count
    let found = unsafe queues[own].take(ofPhase: number, dealt: dealt(own), fromBack: false)
    if !found.isEmpty { return found }
    while true {
      var fullest = (queue: own, count: 0)
      for queue in 0..<count {
        let left = unsafe queues[queue].count(ofPhase: number, dealt: dealt(queue))
        if left > fullest.count { fullest = (queue, left) }
      }
      if fullest.count == 0 { return 0..<0 }
      let found = unsafe queues[fullest.queue].take(ofPhase: number, dealt: dealt(fullest.queue), fromBack: true)
      if !found.isEmpty { return found }
    }
  }

  /// Begins the next phase that is worth sharing, after performing any phases of one ticket that come before it.
  ///
  /// - Returns: The number of its tickets; 0 where the work is done.
  private static func next<Work: TicketWork>(_ work: Work, members: Int, as member: Int) -> Int {
    while true {
      let tickets = work.beginPhase(members: members)
      assert(tickets <= TicketQueue.mostTickets, "a phase has too many tickets")
      if tickets != 1 { return tickets }
      work.perform(0..<1, as: member)
    }
  }

  /// Lets all members see a phase.
  @discardableResult
  private func publish(_ tickets: Int, after current: UInt64) -> UInt64 {
    let number = UInt64(UInt32(truncatingIfNeeded: current >> 32) &+ 1)
    let next = number << 32 | UInt64(tickets) << 16 | (tickets == 0 ? Flag.over : 0)
    unperformed.store(tickets, ordering: .relaxed)
    if phase.exchange(next, ordering: .acquiringAndReleasing) & Flag.asleep != 0 { place.wake() }
    return next
  }

  /// Waits until another phase has begun, or the work is done.
  private func change(of current: UInt64) -> UInt64 {
    if !spin.wait(while: { phase.load(ordering: .acquiring) & ~Flag.asleep == current }) {
      let guest = lendProcessor { phase.load(ordering: .acquiring) & ~Flag.asleep == current }
      defer { guest?.end() }
      let (announced, found) = phase.compareExchange(
        expected: current, desired: current | Flag.asleep, ordering: .acquiringAndReleasing)
      if announced || found == current | Flag.asleep {
        place.sleep { phase.load(ordering: .acquiring) & ~Flag.asleep == current }
      }
    }
    return phase.load(ordering: .acquiring) & ~Flag.asleep
  }

  /// Lends the calling thread's processor to one that has tickets but no processor.
  private func lendProcessor(while isWaiting: () -> Bool) -> BorrowedProcessor? {
    // Of more threads than processors, some always wait for one.
    guard spin.nanoseconds > 0 else { return nil }
    for queue in 0..<queueCount {
      let thread = unsafe queues[queue].performer.load(ordering: .relaxed)
      guard thread != 0 else { continue }
      let time = BorrowedProcessor.time(of: thread)
      if Self.moment.wait(while: isWaiting) { return nil }
      if BorrowedProcessor.time(of: thread) == time, let guest = BorrowedProcessor(for: thread) { return guest }
    }
    return nil
  }
}
