import Synchronization
import Testing

@testable import Threads

struct OrderedWorkTests {
  private struct Stop: Error {}

  /// Numbers from 0 to a limit, and what becomes of them.
  private func run(
    _ count: Int, threads: Int, window: Int, perform: (Int) -> Int, deliver: (Int, Int) throws -> Void
  ) throws -> Int {
    var next = 0
    try OrderedWork<Int, Int>(window: window).run(
      threads: threads,
      next: {
        guard next < count else { return nil }
        next += 1
        return next - 1
      }, perform: perform, deliver: deliver)
    return next
  }

  @Test(arguments: [1, 2, 5], [1, 3, 64])
  func `Results come in the order of their items, each once`(threads: Int, window: Int) throws {
    var delivered: [Int] = []
    let taken = try run(
      500, threads: threads, window: window,
      perform: { item in
        // Some take longer than others, so that later ones are ready first.
        var sum = item
        for round in 0..<(item % 7) * 2000 { sum ^= round }
        return item * item + (sum == .min ? 1 : 0)
      },
      deliver: { item, value in
        #expect(value == item * item)
        delivered.append(item)
      })
    #expect(taken == 500)
    #expect(delivered == Array(0..<500))
  }

  @Test func `No item is taken that is a window ahead of the result that comes next`() throws {
    let delivered = Atomic<Int>(0)
    let furthest = Atomic<Int>(0)
    _ = try run(
      300, threads: 4, window: 6,
      perform: { item in
        furthest.max(item - delivered.load(ordering: .acquiring), ordering: .relaxed)
        return item
      },
      deliver: { _, _ in delivered.add(1, ordering: .acquiringAndReleasing) })
    // The count is read here after the item was taken, so it can only have grown.
    #expect(furthest.load(ordering: .relaxed) < 6)
    #expect(delivered.load(ordering: .relaxed) == 300)
  }

  @Test(arguments: [1, 4])
  func `An error of whoever takes the results ends the work`(threads: Int) throws {
    var delivered = 0
    let performed = Atomic<Int>(0)
    #expect(throws: Stop.self) {
      try run(
        100_000, threads: threads, window: 8,
        perform: { item in
          performed.add(1, ordering: .relaxed)
          return item
        },
        deliver: { item, _ in
          if item == 10 { throw Stop() }
          delivered += 1
        })
    }
    #expect(delivered == 10)
    #expect(performed.load(ordering: .relaxed) < 10 + 8 + 4)
  }

  @Test func `Nothing to do is done at once`() throws {
    #expect(try run(0, threads: 3, window: 2, perform: { $0 }, deliver: { _, _ in Issue.record("nothing") }) == 0)
  }
}
