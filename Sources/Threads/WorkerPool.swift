import Synchronization

/// Threads that wait for work to share: they spin for a short while, then sleep until they are called.
///
/// Any number of threads may call `run` at once. A call takes the workers that are idle and never waits for one that
/// is not: where all are busy, the caller does the work alone. So the size of a team is unknown before it runs, and
/// work must be written so that its result does not depend on it.
///
/// A call that finds its workers awake allocates nothing, takes no lock and counts no reference.
package final class WorkerPool: @unchecked Sendable {
  // Unchecked: the pointers are constant, and what they point to is shared through the atomics of `Worker` and `Team`.

  /// How long a thread spins before it sleeps: longer than members of a well split layer wait for each other, and short
  /// enough that threads of other programs are not kept from the processors for nothing.
  ///
  /// Measured on a virtual machine with 2 processors: a call of workers that are awake takes 0.2 microseconds and a
  /// barrier 0.04; waking a worker takes 30 where its processor is in use and 220 where that sleeps too. With 5 other
  /// threads at work, 40 layers of 0.8 ms took a median of 109 ms spinning for 20 to 50 microseconds, and 130 for 200.
  package static let spinMicroseconds = 50

  /// The largest size of a team.
  package let threads: Int

  /// The number of workers and teams in memory; not all may have a thread.
  private let capacity: Int
  private let workerThreads: [WorkerThread]
  private let workers: UnsafeMutablePointer<Worker>
  /// A team is known by its first worker, so there are as many as workers.
  private let teams: UnsafeMutablePointer<Team>
  /// The threads at work here: callers, and the workers that they have taken.
  private let busy = Atomic<Int>(0)

  /// Starts `threads - 1` workers, or as many as the system allows; the caller of `run` is the last member.
  ///
  /// - Parameters:
  ///   - threads: At least 1.
  ///   - spinMicroseconds: How long a thread spins before it sleeps. With more threads than processors spinning only
  ///     keeps away the thread that is waited for, so then the default is not to.
  package init(threads: Int, spinMicroseconds: Int? = nil) {
    precondition(threads >= 1, "a pool needs at least 1 thread, found \(threads)")
    let microseconds =
      spinMicroseconds ?? (threads <= ProcessorCount.available ? Self.spinMicroseconds : 0)
    let spin = Spin(nanoseconds: UInt64(max(microseconds, 0)) * 1000)
    let capacity = min(threads - 1, 1 << 16)
    workers = .allocate(capacity: capacity)
    teams = .allocate(capacity: capacity)
    for index in 0..<capacity {
      (workers + index).initialize(to: Worker(spin: spin))
      (teams + index).initialize(to: Team(spin: spin))
    }
    var started: [WorkerThread] = []
    while started.count < capacity,
      let thread = WorkerThread(running: workers + started.count, for: teams, number: started.count + 1)
    {
      started.append(thread)
    }
    self.capacity = capacity
    workerThreads = started
    self.threads = started.count + 1
  }

  deinit {
    for index in workerThreads.indices { workers[index].stop() }
    for thread in workerThreads { thread.join() }
    workers.deinitialize(count: capacity)
    teams.deinitialize(count: capacity)
    workers.deallocate()
    teams.deallocate()
  }

  /// Runs work on 1 to `maximum` threads at the same time, and returns when all have finished.
  ///
  /// The caller is member 0. Work may call `run` again, on this pool too.
  package func run<Work: TeamWork>(_ work: Work, maximum: Int = .max) {
    precondition(maximum >= 1, "a team needs at least 1 member, found \(maximum)")
    let reserved = reserve(upTo: maximum - 1)
    if reserved == 0 || !lead(work, workers: reserved) {
      work.perform(as: Member(index: 0, count: 1, team: nil))
    }
    busy.subtract(reserved + 1, ordering: .releasing)
  }

  /// Runs a closure as `run(_:maximum:)` runs work; the closure is allocated.
  package func run(maximum: Int = .max, _ body: (Member) -> Void) {
    withoutActuallyEscaping(body) { run(ClosureWork(body: $0), maximum: maximum) }
  }

  /// Enters a call: counts the caller, and as many workers as keep the number of busy threads within the pool's.
  private func reserve(upTo wanted: Int) -> Int {
    var current = busy.load(ordering: .relaxed)
    while true {
      let reserved = max(0, min(wanted, threads - 1 - current))
      let (entered, found) = busy.compareExchange(
        expected: current, desired: current + 1 + reserved, ordering: .acquiring)
      if entered { return reserved }
      current = found
    }
  }

  /// Claims up to `reserved` workers, runs work with them, and releases them.
  ///
  /// - Returns: Whether there was a worker. Where there was none, nothing was run.
  private func lead<Work: TeamWork>(_ work: Work, workers reserved: Int) -> Bool {
    let (first, claimed) = claim(upTo: reserved)
    guard claimed > 0 else { return false }
    let team = teams + first
    withUnsafePointer(to: work) { address in
      team.pointee.work = UnsafeRawPointer(address)
      team.pointee.performer = Work.self
      team.pointee.count = claimed + 1
      team.pointee.completion.expect(claimed)
      var worker = first
      for member in 1...claimed {
        workers[worker].assign(team: first, member: member)
        worker = workers[worker].next.load(ordering: .relaxed)
      }
      address.pointee.perform(as: Member(index: 0, count: claimed + 1, team: team))
      team.pointee.completion.wait()
    }
    var worker = first
    while worker >= 0 {
      let next = workers[worker].next.load(ordering: .relaxed)
      workers[worker].release()
      worker = next
    }
    return true
  }

  /// Claims up to `wanted` idle workers, linked from the first by `next`.
  ///
  /// There are as many idle ones as are reserved, but one may be released behind this search and another taken ahead of
  /// it, so it can find fewer.
  private func claim(upTo wanted: Int) -> (first: Int, count: Int) {
    var first = -1
    var count = 0
    for index in 0..<(threads - 1) where workers[index].claim() {
      workers[index].next.store(first, ordering: .relaxed)
      first = index
      count += 1
      if count == wanted { break }
    }
    return (first, count)
  }
}

/// Lets a closure be shared by a team.
private struct ClosureWork: TeamWork {
  let body: (Member) -> Void

  func perform(as member: Member) { body(member) }
}
