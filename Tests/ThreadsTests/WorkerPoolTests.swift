import CTestSupport
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Threads

@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 2, 3, 16]) func `A lone caller gets every thread, numbered once each`(threads: Int) {
    let pool = WorkerPool(threads: threads)
    #expect(pool.threads == threads)
    for _ in 0..<100 {
      let seen = Lock<[Int]>([])
      pool.run { member in
        #expect(member.count == threads)
        seen.withLock { $0.append(member.index) }
      }
      #expect(seen.withLock { $0.sorted() } == Array(0..<threads))
    }
  }

  @Test func `A maximum limits the team, and 1 stays on the caller`() {
    let pool = WorkerPool(threads: 4)
    let sizes = Lock<Set<Int>>([])
    for maximum in [1, 2, 3, 4, 100] {
      pool.run(maximum: maximum) { member in
        if member.index == 0 { _ = sizes.withLock { $0.insert(member.count) } }
      }
    }
    #expect(sizes.withLock { $0 } == [1, 2, 3, 4])
    let caller = Thread.current
    pool.run(maximum: 1) { _ in #expect(Thread.current === caller) }
  }

  /// Each round writes a cell a member and reads all of them after the barrier.
  @Test(arguments: [(2, 5000), (3, 2000), (16, 2000)])
  func `A barrier parts the rounds, with more members than processors too`(threads: Int, rounds: Int) {
    let pool = WorkerPool(threads: threads)
    let wrong = Counter()
    let cells = UnsafeMutablePointer<Int>.allocate(capacity: threads)
    unsafe cells.initialize(repeating: 0, count: threads)
    defer { unsafe cells.deallocate() }
    pool.run { member in
      for round in 1...rounds {
        unsafe cells[member.index] = round
        member.barrier()
        for other in 0..<member.count where unsafe cells[other] != round { wrong.add(1) }
        member.barrier()
      }
    }
    #expect(wrong.value == 0)
  }

  @Test(arguments: [0, 5, WorkerPool.spinMicroseconds])
  func `Callers at the same time each get all their work done`(spin: Int) async {
    let pool = WorkerPool(threads: 4, spinMicroseconds: spin)
    await withTaskGroup(of: Bool.self) { group in
      for caller in 0..<8 {
        group.addTask {
          (0..<300).allSatisfy { call in
            let work = SummedSquares(total: 1000 + caller + call)
            pool.run(work)
            return work.sum.value == work.expected
          }
        }
      }
      for await succeeded in group { #expect(succeeded) }
    }
  }

  @Test func `Concurrent callers share the threads instead of multiplying them`() async {
    let pool = WorkerPool(threads: 4)
    let running = Counter()
    let excess = Counter()
    let callers = 3
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<callers {
        group.addTask {
          for _ in 0..<200 {
            pool.run { member in
              let now = running.add(1)
              // A caller that finds none idle still runs: at worst each but the first comes on top.
              if now > pool.threads + callers - 1 { excess.add(1) }
              member.barrier()
              running.add(-1)
            }
          }
        }
      }
    }
    #expect(excess.value == 0)
    #expect(running.value == 0)
  }

  @Test func `Work may call the pool that runs it`() {
    let pool = WorkerPool(threads: 3)
    let leaves = Counter()
    for _ in 0..<200 {
      pool.run { _ in
        pool.run { member in
          if member.index == 0 { leaves.add(1) }
          pool.run { _ in }
          member.barrier()
        }
      }
    }
    #expect(leaves.value == 600)
  }

  @Test func `A released pool joins its threads, asleep or awake`() {
    for round in 0..<50 {
      let pool = WorkerPool(threads: 3, spinMicroseconds: round % 3 * 50)
      if round.isMultiple(of: 2) { pool.run { $0.barrier() } }
      if round.isMultiple(of: 5) { usleep(1000) }
    }
  }

  #if os(Linux)
    /// However busy the machine is, a thread that sleeps uses nothing at all; one that spins never comes to rest.
    @Test func `An idle worker uses no processor time`() throws {
      let pool = WorkerPool(threads: 3)
      let places = Lock<[Int: String]>([:])
      pool.run { member in
        let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
        if member.index > 0 { places.withLock { $0[member.index] = place } }
        member.barrier()
      }
      let workers = places.withLock { Array($0.values) }
      #expect(workers.count == 2)
      /// The nanoseconds that each has run so far.
      func times() throws -> [Substring?] {
        try workers.map {
          try String(contentsOfFile: "/proc/\($0)/schedstat", encoding: .utf8).split(separator: " ").first
        }
      }
      // Several times in a row: on a busy machine a thread that spins does not run for a while either.
      var (before, restful) = (try times(), 0)
      for _ in 0..<100 {
        usleep(300_000)
        let now = try times()
        restful = now == before ? restful + 1 : 0
        if restful == 4 { return }
        before = now
      }
      Issue.record("the workers have run for \(before) nanoseconds, and do not rest")
    }
  #endif

  @Test(.enabled(if: AllocationCounter.isAvailable, "allocations cannot be counted here"))
  func `A call allocates nothing`() {
    let pool = WorkerPool(threads: 2)
    let counter = AllocationCounter()
    pool.run { member in
      counter.start()
      member.barrier()
    }
    let before = counter.count
    for _ in 0..<100 {
      pool.run(Barriers())
      usleep(300)
    }
    let after = counter.count
    counter.stop()
    #expect(after == before)
  }

  @Test(.enabled(if: AllocationCounter.isAvailable, "allocations cannot be counted here"))
  func `The counter sees an allocation`() {
    let counter = AllocationCounter()
    counter.start()
    let array = unsafe [Int](unsafeUninitializedCapacity: 1000) { $1 = $0.count }
    counter.stop()
    #expect(counter.count >= 1)
    #expect(array.count >= 1000)
  }

  @Test func `Each number is handed out once, whatever the team`() {
    for (threads, count) in [(1, 5), (3, 0), (3, 1), (3, 1000)] {
      let seen = Lock<[Int]>([])
      WorkerPool(threads: threads).forEach(count) { number in seen.withLock { $0.append(number) } }
      #expect(seen.withLock { $0.sorted() } == Array(0..<count))
    }
  }

  @Test func `A child of the process, and its child, have threads of their own`() async {
    await #expect(processExitsWith: .success) {
      let isWhole = Family.pool.isWhole
      let status = unsafe result_in_child({ _ in Family.childStatus }, nil)
      exit(isWhole && status == 0 && Family.pool.isWhole ? 0 : 1)
    }
  }

  @Test(arguments: [0, 1, 3]) func `A pool that gets fewer threads than it wants works with those`(granted: Int) {
    let pool = WorkerPool(threads: 6) { unsafe $2 > granted ? nil : WorkerThread(running: $0, for: $1, number: $2) }
    #expect(pool.threads == granted + 1)
    #expect(pool.isWhole)
    let work = SummedSquares(total: 1000)
    pool.run(work)
    #expect(work.sum.value == work.expected)
    let tickets = CountedTickets(count: 100)
    pool.run(tickets)
    #expect(tickets.sum.value == 4950)
  }

  @Test func `So does a child that gets fewer than the process that it is of`() async {
    await #expect(processExitsWith: .success) {
      guard Scarce.pool.threads == 4, Scarce.worksWithThreads(4) else { exit(1) }
      exit(result_in_child({ _ in Scarce.worksWithThreads(2) ? 0 : 2 }, nil))
    }
  }

  @Test func `A lock that threads of a child wait for is handed on`() async {
    await #expect(processExitsWith: .success) {
      let isExact = Family.countIsExact
      let status = unsafe result_in_child({ _ in Family.countIsExact ? 0 : 1 }, nil)
      exit(isExact && status == 0 && Family.countIsExact ? 0 : 1)
    }
  }

  @Test func `Shares are even, in order and whole`() {
    for total in [0, 1, 7, 13, 14, 361] {
      for count in 1...5 {
        for step in [1, 4] {
          let ranges = (0..<count).map {
            unsafe Member(index: $0, count: count, team: nil).share(of: total, step: step)
          }
          #expect(ranges.flatMap(Array.init) == Array(0..<total))
          #expect(ranges.allSatisfy { $0.isEmpty || $0.lowerBound.isMultiple(of: step) })
          let steps = ranges.map { ($0.count + step - 1) / step }
          #expect(steps.max()! - steps.min()! <= 1)
        }
      }
    }
  }
}

/// A pool that a process and its children use.
private enum Family {
  static let pool = WorkerPool(threads: 3)

  /// 0 where the pool works in this child and in a child of it.
  static var childStatus: Int32 {
    guard pool.isWhole, unsafe result_in_child({ _ in Family.pool.isWhole ? 0 : 1 }, nil) == 0, pool.isWhole else {
      return 1
    }
    return 0
  }

  /// Whether threads that wait for each other's lock all get it.
  static var countIsExact: Bool {
    let count = Lock(0)
    let members = Counter()
    pool.run { member in
      members.add(1)
      for _ in 0..<100_000 { count.withLock { $0 += 1 } }
    }
    return count.withLock { $0 } == members.value * 100_000
  }
}

/// A pool that gets 3 threads of the 5 that it wants, and in a child 1 of the 3.
private enum Scarce {
  static let parent = getpid()
  static let pool = WorkerPool(threads: 6) {
    unsafe $2 > (getpid() == parent ? 3 : 1) ? nil : WorkerThread(running: $0, for: $1, number: $2)
  }

  /// Whether calls have as many members as there are threads, and their results are right, of callers at once too.
  static func worksWithThreads(_ count: Int) -> Bool {
    for _ in 0..<50 {
      let (work, members) = (SummedSquares(total: 1000), Counter())
      pool.run(work)
      pool.run { member in
        members.add(1)
        member.barrier()
      }
      guard work.sum.value == work.expected, members.value == count else { return false }
    }
    // After such a call some workers may still be held up.
    for _ in 0..<50 {
      let tickets = CountedTickets(count: 100)
      pool.run(tickets)
      guard tickets.sum.value == 4950 else { return false }
    }
    let sums = Counter()
    pool.forEach(20) { _ in
      let tickets = CountedTickets(count: 100)
      pool.run(tickets)
      sums.add(tickets.sum.value)
    }
    return sums.value == 20 * 4950
  }
}

extension WorkerPool {
  /// Whether calls get all threads, and those wait for each other.
  fileprivate var isWhole: Bool {
    (0..<20).allSatisfy { _ in
      let members = Counter()
      run { member in
        members.add(1)
        member.barrier()
        if member.count != threads || members.value != threads { members.add(100) }
      }
      return members.value == threads
    }
  }
}

private final class Counter: Sendable {
  private let count = Atomic<Int>(0)

  var value: Int { count.load(ordering: .relaxed) }

  @discardableResult func add(_ number: Int) -> Int { count.add(number, ordering: .relaxed).newValue }
}

/// Adds the squares of `0..<total`, split over the team, in two halves with a barrier between them.
private struct SummedSquares: TeamWork {
  let total: Int
  let sum = Counter()

  var expected: Int { (0..<total).reduce(0) { $0 + $1 * $1 } * 2 }

  func perform(as member: Member) {
    for _ in 0..<2 {
      let part = member.share(of: total).reduce(0) { $0 + $1 * $1 }
      sum.add(part)
      member.barrier()
    }
  }
}

/// Adds the numbers of its tickets.
private struct CountedTickets: TicketWork {
  let count: Int
  let sum = Counter()
  private let phases = Counter()

  init(count: Int) { self.count = count }

  func beginPhase(members: Int) -> Int { phases.add(1) == 1 ? count : 0 }

  func perform(_ tickets: Range<Int>, as member: Int) { sum.add(tickets.reduce(0, +)) }
}

private struct Barriers: TeamWork {
  func perform(as member: Member) { for _ in 0..<10 { member.barrier() } }
}
