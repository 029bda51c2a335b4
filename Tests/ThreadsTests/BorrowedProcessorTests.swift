#if os(Linux)
  import CTestSupport
  import Foundation
  import Synchronization
  import Testing

  @testable import Threads

  @Suite(.enabled(if: ProcessorCount.allowed > 1, "threads can be moved where there are two processors"))
  struct BorrowedProcessorTests {
    @Test func `A thread is bound to the processor that it borrows, and then allowed where it was before`() throws {
      let thread = Stepping()
      #expect(thread.allowed == ProcessorCount.allowed)
      for _ in 0..<2 {
        let processor = try #require(BorrowedProcessor(for: thread.number))
        thread.step()
        #expect(thread.allowed == 1)
        #expect(BorrowedProcessor(for: thread.number) == nil, "a thread that is bound stays where it is")
        processor.end()
        thread.step()
        #expect(thread.allowed == ProcessorCount.allowed)
        processor.end()
        thread.step()
        #expect(thread.allowed == ProcessorCount.allowed)
      }
      thread.end()
    }

    @Test func `The time of a thread grows while it has a processor`() {
      let thread = Stepping()
      // On a busy machine it may still be about to wait.
      let isIdle = (0..<20).contains { _ in
        let before = BorrowedProcessor.time(of: thread.number)
        usleep(1000)
        return BorrowedProcessor.time(of: thread.number) == before
      }
      #expect(isIdle)
      let before = BorrowedProcessor.time(of: thread.number)
      #expect(before > 0)
      thread.step()
      #expect(BorrowedProcessor.time(of: thread.number) > before)
      thread.end()
    }

    /// A worker may happen to have its processor when it is looked at, so there are some attempts.
    @Test func `Who waits for a worker without a processor lends it one, and gets it back`() {
      let pool = WorkerPool(threads: 2, spinMicroseconds: 50)
      #expect((0..<10).contains { _ in Naps.allowed(in: pool, until: 1) == 1 })
      #expect(Naps.allowed(in: pool, until: ProcessorCount.allowed) == ProcessorCount.allowed)
    }

    @Test func `Where moving threads is refused, none is moved`() async {
      await #expect(processExitsWith: .success) {
        guard forbid_moving_threads(EPERM) == 1 else { exit(1) }
        let pool = WorkerPool(threads: 2, spinMicroseconds: 50)
        let all = ProcessorCount.allowed
        exit((0..<3).allSatisfy { _ in [0, all].contains(Naps.allowed(in: pool, until: 1)) } ? 0 : 2)
      }
    }

    @Test func `A service of systemd's that is ended where it moves threads moves none`() async {
      await #expect(processExitsWith: .success) {
        setenv("INVOCATION_ID", "00000000000000000000000000000000", 1)
        guard forbid_moving_threads(0) == 1 else { exit(1) }
        let pool = WorkerPool(threads: 2, spinMicroseconds: 50)
        let all = ProcessorCount.allowed
        exit((0..<3).allSatisfy { _ in [0, all].contains(Naps.allowed(in: pool, until: 1)) } ? 0 : 2)
      }
    }

    @Test func `The thread of a caller stays where it is`() {
      let pool = WorkerPool(threads: 2, spinMicroseconds: 50)
      #expect(Naps.allowed(in: pool, until: 1, napper: 0) == ProcessorCount.allowed)
    }
  }

  /// A thread that does nothing until it is told to find out on how many processors it may run.
  private final class Stepping: @unchecked Sendable {
    // Unchecked: the thread and its owner take turns.
    private(set) var number = 0
    private(set) var allowed = 0
    private var isOver = false
    private let go = DispatchSemaphore(value: 0)
    private let done = DispatchSemaphore(value: 0)

    init() {
      Thread { [self] in
        number = BorrowedProcessor.thread
        repeat {
          go.wait()
          allowed = ProcessorCount.allowed
          done.signal()
        } while !isOver
      }.start()
      step()
    }

    func step() {
      go.signal()
      done.wait()
      // Until it waits again.
      usleep(1000)
    }

    /// The thread may be on its way to wait again, or see here that it need not.
    func end() {
      isOver = true
      go.signal()
    }
  }

  /// One phase, in which a member naps with a ticket until it may run on a number of processors, for a tenth of a second at most.
  /// The other one waits for it.
  private final class Naps: TicketWork, Sendable {
    private let allowed = Atomic<Int>(0)
    private let hasBegun = Atomic<Bool>(false)
    private let wanted: Int
    private let napper: Int

    private init(until wanted: Int, napper: Int) {
      self.wanted = wanted
      self.napper = napper
    }

    /// On how many processors the member could run at last; 0 where it got no ticket.
    static func allowed(in pool: WorkerPool, until wanted: Int, napper: Int = 1) -> Int {
      let naps = Naps(until: wanted, napper: napper)
      pool.run(naps)
      return naps.allowed.load(ordering: .acquiring)
    }

    func beginPhase(members: Int) -> Int {
      hasBegun.exchange(true, ordering: .acquiringAndReleasing) ? 0 : 2 * members
    }

    func perform(_ tickets: Range<Int>, as member: Int) {
      if member != napper {
        for _ in 0..<100 where allowed.load(ordering: .acquiring) == 0 { usleep(1000) }
        return
      }
      for _ in 0..<20 {
        allowed.store(ProcessorCount.allowed, ordering: .releasing)
        if ProcessorCount.allowed == wanted { return }
        usleep(5000)
      }
    }
  }
#endif
