import CIntrinsics
import Synchronization

/// Threads that wait for work to share: they spin for a short while, then sleep until they are called.
///
/// Any number of threads may call `run` at once. A call takes the workers that are idle and never waits for one that is
/// not: where all are busy, the caller does the work alone. So the size of a team is not known before it runs, and the
/// result of the work must not depend on it.
///
/// A call that finds its workers awake allocates nothing, takes no lock and touches no reference count.
///
/// A forked child may use the pool too: the first call there starts threads of the child's own. Only the work of a call
/// must not fork.
@safe package final class WorkerPool: @unchecked Sendable {
  // Unchecked: the pointers are constant, and what they point to is shared through the atomics of `Worker` and `Team`.

  /// How long a thread spins before it sleeps: longer than the members wait for each other in a well divided layer, and
  /// short enough not to keep the threads of other programs from the processors for nothing.
  ///
  /// Measured on a virtual machine with 2 processors: a call of workers that are awake takes 0.2 microseconds and a
  /// barrier 0.04; waking a worker takes 30 where its processor is in use and 220 where that sleeps too. With 5 other
  /// threads at work, 40 layers of 0.8 ms took a median of 109 ms spinning for 20 to 50 microseconds, and 130 for 200.
  package static let spinMicroseconds = 50

  /// A call that finds no free team runs on its caller alone.
  private static let mostTeams = 128

  /// The largest size of a team.
  package let threads: Int

  private let spin: Spin
  /// The number of workers and teams in memory; not all may have a thread.
  private let capacity: Int
  /// Written by `init` and by the one thread that `restart` admits.
  private var workerThreads: [WorkerThread] = []
  private let workers: UnsafeMutablePointer<Worker>
  /// Enough for all calls that have workers, and for workers that are still delayed in teams whose call is over.
  private let teams: UnsafeMutableBufferPointer<Team>
  /// See `Phases`.
  private let delay: (@Sendable () -> Void)?
  private let startThread: ThreadStarter

  /// Starts a worker's thread, or not where there are enough threads; the number is part of its name.
  typealias ThreadStarter =
    @Sendable (
      _ worker: UnsafeMutablePointer<Worker>, _ teams: UnsafeMutableBufferPointer<Team>, _ number: Int
    ) -> WorkerThread?
  /// The busy threads: callers, and the workers that they have claimed.
  private let busy = Atomic<Int>(0)
  /// Twice the `fork_count` of the process whose threads the workers are, plus one while they are being started.
  private let home: Atomic<UInt>

  /// Starts `threads - 1` workers, or as many as the system allows; the caller of `run` is the last member.
  ///
  /// - Parameters:
  ///   - threads: At least 1.
  ///   - spinMicroseconds: How long a thread spins before it sleeps. With more threads than processors spinning only
  ///     keeps away the thread that is waited for, so then the default is not to.
  ///   - delay: Called wherever a member that performs tickets may be held up; for tests.
  package convenience init(threads: Int, spinMicroseconds: Int? = nil, delay: (@Sendable () -> Void)? = nil) {
    unsafe self.init(threads: threads, spinMicroseconds: spinMicroseconds, delay: delay) {
      unsafe WorkerThread(running: $0, for: $1, number: $2)
    }
  }

  /// The same, with threads of whoever starts them; for tests.
  init(
    threads: Int, spinMicroseconds: Int? = nil, delay: (@Sendable () -> Void)? = nil,
    startThread: @escaping ThreadStarter
  ) {
    precondition(threads >= 1, "a pool needs at least 1 thread, found \(threads)")
    let microseconds =
      spinMicroseconds ?? (threads <= ProcessorCount.available ? Self.spinMicroseconds : 0)
    spin = Spin(nanoseconds: UInt64(max(microseconds, 0)) * 1000)
    capacity = min(threads - 1, 1 << 16)
    self.delay = delay
    unsafe self.startThread = startThread
    unsafe workers = .allocate(capacity: capacity)
    unsafe teams = .allocate(capacity: min(2 * capacity, Self.mostTeams))
    count_forks()
    home = Atomic(2 * fork_count())
    workerThreads = unsafe Self.start(capacity, workers, teams, spin: spin, delay, startThread)
    self.threads = workerThreads.count + 1
  }

  deinit {
    if isAtHome {
      for index in workerThreads.indices { unsafe workers[index].stop() }
      for thread in workerThreads { thread.join() }
      unsafe workers.deinitialize(count: capacity)
      unsafe teams.deinitialize()
    }
    unsafe workers.deallocate()
    unsafe teams.deallocate()
  }

  /// Makes workers and their teams, and starts a thread for each, or for as many as the system allows.
  private static func start(
    _ count: Int, _ workers: UnsafeMutablePointer<Worker>, _ teams: UnsafeMutableBufferPointer<Team>, spin: Spin,
    _ delay: (@Sendable () -> Void)?, _ startThread: ThreadStarter
  ) -> [WorkerThread] {
    for index in 0..<count { unsafe (workers + index).initialize(to: Worker(spin: spin)) }
    for index in teams.indices {
      unsafe teams.initializeElement(at: index, to: Team(members: count + 1, spin: spin, delay: delay))
    }
    var started: [WorkerThread] = []
    while started.count < count,
      let thread = unsafe startThread(workers + started.count, teams, started.count + 1)
    {
      started.append(thread)
    }
    return started
  }

  private var isAtHome: Bool { home.load(ordering: .acquiring) == 2 * fork_count() }

  /// Starts the workers anew in a child of the process that started them: a fork copies their state but not their
  /// threads.
  ///
  /// The mutexes that they slept on stay in memory, as threads that no longer exist may hold them.
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
    workerThreads = unsafe Self.start(threads - 1, workers, teams, spin: spin, delay, startThread)
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

  /// Runs work on 1 to `maximum` threads, and returns when all its tickets have been performed.
  ///
  /// The caller is member 0. Workers that are still held up by the call before take part as soon as they can.
  package func run<Work: TicketWork>(_ work: Work, maximum: Int = .max) {
    precondition(maximum >= 1, "a team needs at least 1 member, found \(maximum)")
    guard isAtHome || restart() else { return work.performAlone() }
    let reserved = reserve(upTo: maximum - 1)
    if reserved == 0 || !lead(work, workers: reserved) {
      work.performAlone()
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

  /// Claims up to `reserved` workers and runs work with them.
  ///
  /// - Returns: Whether there was a worker. Where there was none, nothing was run.
  private func lead<Work: TeamWork>(_ work: Work, workers reserved: Int) -> Bool {
    guard let index = freeTeam(for: 1) else { return false }
    let team = unsafe teams.baseAddress! + index
    defer { unsafe team.pointee.leave() }
    // The number of members is known only when all are claimed, so the claims are kept, each worker with the next one.
    let (first, claimed) = claim(upTo: reserved)
    guard claimed > 0 else { return false }
    unsafe withUnsafePointer(to: work) { address in
      unsafe team.pointee.work = unsafe UnsafeRawPointer(address)
      unsafe team.pointee.performer = .team(Work.self)
      unsafe team.pointee.count = claimed + 1
      unsafe team.pointee.completion.expect(claimed)
      var worker = first
      for member in 1...claimed {
        let next = unsafe workers[worker].next.load(ordering: .relaxed)
        unsafe workers[worker].assign(team: index, member: member)
        worker = next
      }
      unsafe address.pointee.perform(as: Member(index: 0, count: claimed + 1, team: team))
      unsafe team.pointee.completion.wait()
    }
    return true
  }

  /// Runs work with `reserved` workers: those that are idle, and others as soon as they are.
  ///
  /// - Returns: Whether a team was free. Where none was, nothing was run.
  private func lead<Work: TicketWork>(_ work: Work, workers reserved: Int) -> Bool {
    let members = reserved + 1
    guard let index = freeTeam(for: members) else { return false }
    let team = unsafe teams.baseAddress! + index
    unsafe withUnsafePointer(to: work) { address in
      unsafe team.pointee.work = unsafe UnsafeRawPointer(address)
      unsafe team.pointee.performer = .tickets(Work.self)
      unsafe team.pointee.count = members
      unsafe team.pointee.phases.begin(address.pointee, members: members)
      var claimed = 0
      for worker in 0..<(threads - 1) where unsafe claimed < reserved && workers[worker].claim() {
        claimed += 1
        unsafe workers[worker].assign(team: index, member: claimed)
      }
      if claimed < reserved {
        unsafe team.pointee.announce(vacancies: reserved - claimed)
        while unsafe team.pointee.hasVacancy, let worker = idleWorker() {
          guard let member = unsafe team.pointee.takeVacancy() else {
            unsafe workers[worker].release()
            break
          }
          unsafe workers[worker].assign(team: index, member: member)
        }
      }
      unsafe team.pointee.phases.takePart(in: address, as: 0, of: members)
    }
    unsafe team.pointee.leave(team.pointee.withdrawVacancies() + 1)
    return true
  }

  /// Takes a team that no member reads any more.
  private func freeTeam(for members: Int) -> Int? {
    for index in unsafe teams.indices where unsafe teams[index].occupy(by: members) { return index }
    return nil
  }

  /// Claims an idle worker.
  private func idleWorker() -> Int? {
    for index in 0..<(threads - 1) where unsafe workers[index].claim() { return index }
    return nil
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
