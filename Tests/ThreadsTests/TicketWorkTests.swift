import Foundation
import Synchronization
import Testing

@testable import Threads

@Suite struct TicketWorkTests {
  /// Holds a thread up for a while now and then, another while each time.
  private static func randomDelay(seed: UInt64) -> @Sendable () -> Void {
    let calls = Counter()
    return {
      var number = (seed &+ UInt64(calls.add(1))) &* 0x9e37_79b9_7f4a_7c15
      number ^= number >> 29
      if number % 8 == 0 { usleep(UInt32(number >> 8 & 0xff)) }
    }
  }

  @Test(arguments: [1, 2, 3, 8, 40], [false, true])
  func `Each ticket of each phase is performed once, after all of the phase before`(threads: Int, isDelayed: Bool) {
    let pool = WorkerPool(threads: threads, delay: isDelayed ? Self.randomDelay(seed: UInt64(threads)) : nil)
    for maximum in [1, 2, threads, .max] {
      let work = CheckedPhases(tickets: [5, 0, 1, 1, 200, 2, 1, 64, 3, 1])
      pool.run(work, maximum: maximum)
      #expect(work.isDone)
      #expect(work.faults.value == 0)
    }
  }

  @Test func `Callers at the same time each get all their work done`() async {
    let pool = WorkerPool(threads: 4, delay: Self.randomDelay(seed: 7))
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<6 {
        group.addTask {
          (0..<30).allSatisfy { call in
            let work = CheckedPhases(tickets: [40, 1, call % 7, 12])
            pool.run(work)
            return work.isDone && work.faults.value == 0
          }
        }
      }
      for await succeeded in group { #expect(succeeded) }
    }
  }

  @Test func `A worker that is held up without a ticket holds nobody up, and takes part in a later call`() {
    let gate = Gate()
    let caller = ThreadIdentity()
    let pool = WorkerPool(threads: 2) { if !caller.isCurrent { gate.pass() } }
    gate.close()
    for _ in 0..<20 {
      let work = CheckedPhases(tickets: [16, 16, 16])
      pool.run(work)
      #expect(work.isDone && work.faults.value == 0)
    }
    // The caller goes on only when the worker has come.
    let performers = Performers(waitingFor: 2) { gate.open() }
    pool.run(performers)
    #expect(performers.members.withLock { $0 } == [0, 1])
  }

  @Test func `A pool that is released waits for a worker that is held up`() {
    for _ in 0..<10 {
      let gate = Gate()
      let caller = ThreadIdentity()
      let pool = WorkerPool(threads: 3) { if !caller.isCurrent { gate.pass() } }
      gate.close()
      pool.run(CheckedPhases(tickets: [9, 9]))
      let opener = Thread {
        usleep(500)
        gate.open()
      }
      opener.start()
    }
  }

  @Test func `Teams that share queues perform everything, and unlike work takes turns in a pool`() {
    let pool = WorkerPool(threads: 70)
    for call in 0..<20 {
      let work = CheckedPhases(tickets: [1000, 70, 33, 1, 2])
      pool.run(work)
      #expect(work.isDone && work.faults.value == 0)
      let members = Counter()
      pool.run { _ in members.add(1) }
      #expect(members.value >= 1, "call \(call)")
    }
  }

  @Test func `Half of a queue is taken from the front by its owner and from the back by others`() {
    let queue = TicketQueue()
    #expect(queue.take(ofPhase: 1, dealt: 10..<18, fromBack: false) == 10..<14)
    #expect(queue.take(ofPhase: 1, dealt: 10..<18, fromBack: true) == 16..<18)
    #expect(queue.take(ofPhase: 1, dealt: 10..<18, fromBack: true) == 15..<16)
    #expect(queue.count(ofPhase: 1, dealt: 10..<18) == 1)
    #expect(queue.take(ofPhase: 1, dealt: 10..<18, fromBack: false) == 14..<15)
    #expect(queue.take(ofPhase: 1, dealt: 10..<18, fromBack: false).isEmpty)
    #expect(queue.take(ofPhase: 2, dealt: 3..<4, fromBack: false) == 3..<4)
    #expect(queue.take(ofPhase: 1, dealt: 10..<18, fromBack: false).isEmpty)
    #expect(queue.take(ofPhase: 3, dealt: 0..<0, fromBack: true).isEmpty)
  }

  @Test func `The numbers of phases may begin again`() {
    let queue = TicketQueue()
    #expect(queue.take(ofPhase: 0x7fff_ffff, dealt: 0..<1, fromBack: false) == 0..<1)
    #expect(queue.take(ofPhase: 0xffff_fffe, dealt: 0..<1, fromBack: false) == 0..<1)
    #expect(queue.take(ofPhase: 1, dealt: 5..<6, fromBack: false) == 5..<6)
    #expect(queue.take(ofPhase: 0xffff_fffe, dealt: 0..<1, fromBack: false).isEmpty)
  }

  /// In a process of its own, which a member that waits for ever does not outlive.
  @Test func `Queues that were idle for any number of phases are used again`() async {
    await #expect(processExitsWith: .success) {
      alarm(60)
      for number: UInt32 in [0, 1 << 30, 1 << 31, 1 << 31 + 1, .max - 1, .max] {
        let phases = Phases(members: 4, spin: Spin(nanoseconds: 0), delay: nil, after: number)
        // A queue more each time.
        for members in 1...4 {
          let work = CheckedPhases(tickets: [8, 1, 8])
          phases.begin(work, members: members)
          unsafe withUnsafePointer(to: work) { unsafe phases.takePart(in: $0, as: 0, of: members) }
          guard work.isDone, work.faults.value == 0 else { exit(1) }
        }
      }
      exit(0)
    }
  }
}

/// Phases of some tickets, each of which is marked, and faults counted. A phase of 0 tickets is left out.
private final class CheckedPhases: TicketWork, @unchecked Sendable {
  // Unchecked: `phase` is written by one member at a time, as the protocol promises; that is what is tested.
  let faults = Counter()
  private let phases: [Int]
  private let marks: [Counter]
  private let occupied: [Counter]
  private var phase = -1

  init(tickets: [Int]) {
    phases = tickets.filter { $0 > 0 }
    marks = (0..<phases.reduce(0, +)).map { _ in Counter() }
    occupied = (0..<128).map { _ in Counter() }
  }

  var isDone: Bool { phase == phases.count && marks.allSatisfy { $0.value == 1 } }

  private func marks(ofPhase phase: Int) -> ArraySlice<Counter> {
    let first = phases[..<phase].reduce(0, +)
    return marks[first..<first + phases[phase]]
  }

  func beginPhase(members: Int) -> Int {
    if phase >= 0, !marks(ofPhase: phase).allSatisfy({ $0.value == 1 }) { faults.add(1) }
    phase += 1
    return phase < phases.count ? phases[phase] : 0
  }

  func perform(_ tickets: Range<Int>, as member: Int) {
    if occupied[member].add(1) != 1 { faults.add(1) }
    let marks = marks(ofPhase: phase)
    for ticket in tickets where marks[marks.startIndex + ticket].add(1) != 1 { faults.add(1) }
    occupied[member].add(-1)
  }
}

/// One phase, in which member 0 waits until as many members have performed a ticket as are wanted.
private final class Performers: TicketWork, Sendable {
  let members = Lock<Set<Int>>([])
  private let hasBegun = Counter()
  let wanted: Int
  let begin: @Sendable () -> Void

  init(waitingFor wanted: Int, begin: @escaping @Sendable () -> Void) {
    self.wanted = wanted
    self.begin = begin
  }

  func beginPhase(members: Int) -> Int {
    if hasBegun.add(1) > 1 { return 0 }
    begin()
    return 8 * members
  }

  func perform(_ tickets: Range<Int>, as member: Int) {
    members.withLock { _ = $0.insert(member) }
    while member == 0, members.withLock({ $0.count < wanted }) { usleep(50) }
  }
}

/// Where threads wait while it is closed.
private final class Gate: Sendable {
  private let isClosed = Atomic<Bool>(false)

  func close() { isClosed.store(true, ordering: .releasing) }
  func open() { isClosed.store(false, ordering: .releasing) }
  func pass() { while isClosed.load(ordering: .acquiring) { usleep(20) } }
}

private final class ThreadIdentity: Sendable {
  private let thread = pthread_self()

  var isCurrent: Bool { pthread_equal(thread, pthread_self()) != 0 }
}

private final class Counter: Sendable {
  private let count = Atomic<Int>(0)

  var value: Int { count.load(ordering: .acquiring) }

  @discardableResult func add(_ number: Int) -> Int { count.add(number, ordering: .acquiringAndReleasing).newValue }
}
