import CIntrinsics
import Synchronization

/// Threads that wait for work to share: they spin for a short while, then sleep until they are called.
///
/// Any number of threads may call `run` at once. A call takes the workers that are idle and never waits for one that
/// is not: where all are busy, the caller does the work alone. So the size of a team is unknown before it runs, and
/// work must be written so that its result does not depend on it.
///
/// A call that finds its workers awake allocates nothing, takes no lock and counts no reference.
///
/// A child of the process may use the pool too, which starts threads of the child's at the first call there; only the
/// work of a call must not fork.
@safe package final class WorkerPool: @unchecked Sendable {
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

  private let spin: Spin
  /// The number of workers and teams in memory; not all may have a thread.
  private let capacity: Int
  /// Written by `init` and by the one thread that `restart` lets.
  private var workerThreads: [WorkerThread] = []
  private let workers: UnsafeMutablePointer<Worker>
  /// A team is known by its first worker, so there are as many as workers.
  private let teams: UnsafeMutablePointer<Team>
  /// The threads at work here: callers, and the workers that they have taken.
  private let busy = Atomic<Int>(0)
  /// Twice the `fork_count` of the process whose threads the workers are, plus one while they are being started.
  private let home: Atomic<UInt>

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
    spin = Spin(nanoseconds: UInt64(max(microseconds, 0)) * 1000)
    capacity = min(threads - 1, 1 << 16)
    unsafe workers = .allocate(capacity: capacity)
    unsafe teams = .allocate(capacity: capacity)
    count_forks()
    home = Atomic(2 * fork_count())
    workerThreads = unsafe Self.start(capacity, workers, teams, spin: spin)
    self.threads = workerThreads.count + 1
  }

  deinit {
    if isAtHome {
      for index in workerThreads.indices { unsafe workers[index].stop() }
      for thread in workerThreads { thread.join() }
      unsafe workers.deinitialize(count: capacity)
      unsafe teams.deinitialize(count: capacity)
    }
    unsafe workers.deallocate()
    unsafe teams.deallocate()
  }

  /// Makes workers and their teams, and starts a thread for each, or for as many as the system allows.
  private static func start(
    _ count: Int, _ workers: UnsafeMutablePointer<Worker>, _ teams: UnsafeMutablePointer<Team>, spin: Spin
  ) -> [WorkerThread] {
    for index in 0..<count {
      unsafe (workers + index).initialize(to: Worker(spin: spin))
      unsafe (teams + index).initialize(to: Team(spin: spin))
    }
    var started: [WorkerThread] = []
    while started.count < count,
      let thread = unsafe WorkerThread(running: workers + started.count, for: teams, number: started.count + 1)
    {
      started.append(thread)
    }
    return started
  }

  private var isAtHome: Bool { home.load(ordering: .acquiring) == 2 * fork_count() }

  /// Starts the workers anew in a child of the process that started them: a fork copies what they know, not their threads.
  ///
  /// What they slept on stays in memory, as threads that are gone may hold it.
  ///
  /// - Returns: Whether the workers can be used; not while another thread is starting them.
  @inline(never)
  private func restart() -> Bool {
    let current = 2 * fork_count()
    let found = home.load(ordering: .acquiring)
    if found == current { return true }
    guard found != current + 1,
      home.compareExchange(expected: found, desired: current + 1, ordering: .acquiringAndReleasing).exchanged
    else { return false }
    busy.store(0, ordering: .relaxed)
    workerThreads = unsafe Self.start(threads - 1, workers, teams, spin: spin)
    // A worker without a thread is never idle.
    for index in workerThreads.count..<(threads - 1) { _ = unsafe workers[index].claim() }
    home.store(current, ordering: .releasing)
    return true
  }

  /// Runs work on 1 to `maximum` threads at the same time, and returns when all have finished.
  ///
  /// The caller is member 0. Work may call `run` again, on this pool too.
  package func run<Work: TeamWork>(_ work: Work, maximum: Int = .max) {
    precondition(maximum >= 1, "a team needs at least 1 member, found \(maximum)")
    guard isAtHome || restart() else { return work.perform(as: .alone) }
    let reserved = reserve(upTo: maximum - 1)
    if reserved == 0 || !lead(work, workers: reserved) {
      work.perform(as: .alone)
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
    assert(claimed <= reserved, "more workers are claimed than were reserved")
    let team = unsafe teams + first
    unsafe withUnsafePointer(to: work) { address in
      unsafe team.pointee.work = unsafe UnsafeRawPointer(address)
      unsafe team.pointee.performer = Work.self
      unsafe team.pointee.count = claimed + 1
      unsafe team.pointee.completion.expect(claimed)
      var worker = first
      for member in 1...claimed {
        unsafe workers[worker].assign(team: first, member: member)
        worker = unsafe workers[worker].next.load(ordering: .relaxed)
      }
      unsafe address.pointee.perform(as: Member(index: 0, count: claimed + 1, team: team))
      unsafe team.pointee.completion.wait()
    }
    var worker = first
    while worker >= 0 {
      let next = unsafe workers[worker].next.load(ordering: .relaxed)
      unsafe workers[worker].release()
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
    for index in 0..<(threads - 1) where unsafe workers[index].claim() {
      unsafe workers[index].next.store(first, ordering: .relaxed)
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
