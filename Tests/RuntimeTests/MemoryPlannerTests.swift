import Runtime
import Testing

@Suite struct MemoryPlannerTests {
  typealias Interval = MemoryPlanner.Interval

  @Test func `Buffers that live at the same time never overlap, and each is aligned`() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      let intervals = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
        let first = Int.random(in: 0..<30, using: &generator)
        return Interval(
          byteCount: Int.random(in: 0...5000, using: &generator), firstStep: first,
          lastStep: first + Int.random(in: 0...10, using: &generator),
          alignment: 1 << Int.random(in: 0...8, using: &generator))
      }
      let plan = MemoryPlanner(intervals)
      for (index, interval) in intervals.enumerated() {
        let offset = plan.offsets[index]
        #expect(offset >= 0 && offset + interval.byteCount <= plan.byteCount && offset % interval.alignment == 0)
        for (other, rival) in intervals.enumerated().dropFirst(index + 1)
        where interval.firstStep <= rival.lastStep && rival.firstStep <= interval.lastStep {
          #expect(
            offset + interval.byteCount <= plan.offsets[other]
              || plan.offsets[other] + rival.byteCount <= offset || interval.byteCount == 0 || rival.byteCount == 0,
            "\(intervals) overlap at \(plan.offsets)")
        }
      }
      #expect(plan.byteCount >= plan.lowerBound)
    }
  }

  @Test func `A chain needs no more than its largest two neighbors`() {
    let sizes = [640, 1280, 1280, 320, 64, 2560, 128]
    let chain = sizes.enumerated().map { Interval(byteCount: $1, firstStep: $0, lastStep: $0 + 1) }
    let plan = MemoryPlanner(chain)
    #expect(plan.byteCount == plan.lowerBound)
    #expect(plan.byteCount == 128 + 2560 || plan.byteCount == 2 * 1280 || plan.byteCount == 64 + 2560 + 64)
  }

  @Test func `A residual that lives over a block is kept beside it`() {
    let intervals = [
      Interval(byteCount: 1024, firstStep: 0, lastStep: 3), Interval(byteCount: 1024, firstStep: 1, lastStep: 2),
      Interval(byteCount: 1024, firstStep: 2, lastStep: 3), Interval(byteCount: 1024, firstStep: 3, lastStep: 4),
    ]
    let plan = MemoryPlanner(intervals)
    #expect(plan.byteCount == 3 * 1024)
    #expect(plan.offsets[3] == plan.offsets[1])
  }

  @Test func `No buffers need no memory, and empty ones take none`() {
    #expect(MemoryPlanner([]).byteCount == 0)
    #expect(MemoryPlanner([Interval(byteCount: 0, firstStep: 0, lastStep: 5)]).byteCount == 0)
  }

  @Test func `The largest network is laid out in a moment`() {
    let chain = (0..<65_536).map { Interval(byteCount: 64 + $0 % 1000, firstStep: $0, lastStep: $0 + 1) }
    let plan = MemoryPlanner(chain)
    #expect(plan.byteCount <= 2 * plan.lowerBound)
  }
}
