import Synchronization

/// The memory of one call: the values, and the scratch of each member.
final class Scratch: @unchecked Sendable {
  // Unchecked: the memory belongs to one call at a time, whose members divide it among themselves.

  let arena: UnsafeMutablePointer<Float>
  /// The row panel that members make together: that of member 0, as a barrier lies between the steps that have one of their
  /// own and those that share one.
  var sharedPanel: UnsafeMutablePointer<Float> { members[0].rowPanel }
  /// Whether the call goes on, as member 0 saw it before the barrier that ends a stage: one flag for even stages and one
  /// for odd ones, so that a flag is not written again before all have read it.
  let isStopped: UnsafeMutablePointer<Bool>
  private let memory: AlignedMemory
  private let members: [MemberScratch]

  init(for plan: Plan, members count: Int) throws(OutOfMemory) {
    let needs = plan.memberMemory
    let perMember = MemberScratch.wordCount(needs)
    let arenaWords = Self.padded(plan.arenaWords)
    memory = try AlignedMemory(
      byteCount: (arenaWords + perMember * count) * MemoryLayout<Float>.size)
    arena = memory.bytes.baseAddress!.assumingMemoryBound(to: Float.self)
    let first = arena + arenaWords
    members = (0..<count).map { MemberScratch(needs, at: first + $0 * perMember) }
    isStopped = .allocate(capacity: 2)
    isStopped.initialize(repeating: false, count: 2)
  }

  deinit {
    isStopped.deallocate()
    for member in members { member.deallocate() }
  }

  subscript(member: Int) -> MemberScratch { members[member] }

  /// Whole pages, so that no two members write to one cache line.
  fileprivate static func padded(_ words: Int) -> Int { (words + 1023) & ~1023 }
}

/// The scratch of one member of a team.
struct MemberScratch {
  let rowPanel: UnsafeMutablePointer<Float>
  let line: UnsafeMutablePointer<Float>
  let rows: UnsafeMutablePointer<Float>
  let sums: UnsafeMutablePointer<Float>
  let factors: UnsafeMutablePointer<Float>
  let bands: UnsafeMutablePointer<Float>
  /// Three rows of a map as floats, `floatRow` apart.
  let floatRows: UnsafeMutablePointer<Float>
  let floatRow: Int
  /// For each row of a block, where it lies in the row panel, in the output and in the residual.
  let slots: UnsafeMutablePointer<Int>
  let outputOffsets: UnsafeMutablePointer<Int>
  let residualOffsets: UnsafeMutablePointer<Int>
  /// For each row of a block, where its scale lies in the row panel.
  let scaleSlots: UnsafeMutablePointer<Int>
  /// Where the pixels lie whose values become integers.
  let rowSlots: UnsafeMutablePointer<Int>
  /// The rows of a window.
  let inputRows: UnsafeMutablePointer<UnsafePointer<Float>>
  let outputRows: UnsafeMutablePointer<UnsafeMutablePointer<Float>>

  init(_ needs: MemberScratchSizes, at memory: UnsafeMutablePointer<Float>) {
    rowPanel = memory
    bands = rowPanel + Scratch.padded(needs.turnPanel)
    line = rowPanel + Self.panelAndBands(needs)
    rows = line + Scratch.padded(needs.line)
    sums = rows + Scratch.padded(needs.rows)
    factors = sums + Scratch.padded(needs.sums)
    floatRows = factors + Scratch.padded(needs.factors)
    floatRow = needs.floatRow
    slots = .allocate(capacity: 4 * needs.blockRows + MemberRun.quantizedPixels)
    slots.initialize(repeating: 0, count: 4 * needs.blockRows + MemberRun.quantizedPixels)
    outputOffsets = slots + needs.blockRows
    residualOffsets = outputOffsets + needs.blockRows
    scaleSlots = residualOffsets + needs.blockRows
    rowSlots = scaleSlots + needs.blockRows
    inputRows = .allocate(capacity: needs.windowRows)
    inputRows.initialize(repeating: UnsafePointer(memory), count: needs.windowRows)
    outputRows = .allocate(capacity: 4)
    outputRows.initialize(repeating: memory, count: 4)
  }

  static func wordCount(_ needs: MemberScratchSizes) -> Int {
    [needs.line, needs.rows, needs.sums, needs.factors, 3 * needs.floatRow].reduce(panelAndBands(needs)) {
      $0 + Scratch.padded($1)
    }
  }

  private static func panelAndBands(_ needs: MemberScratchSizes) -> Int {
    max(Scratch.padded(needs.rowPanel), Scratch.padded(needs.turnPanel) + Scratch.padded(needs.bands))
  }

  func deallocate() {
    slots.deallocate()
    inputRows.deallocate()
    outputRows.deallocate()
  }
}

/// The scratch memory that is free: a call takes one or makes one, so that callers never wait for each other's memory.
final class ScratchPool: Sendable {
  private let free = Mutex<[Scratch]>([])

  func take(for plan: Plan, members: Int) throws(OutOfMemory) -> Scratch {
    if let scratch = free.withLock({ $0.popLast() }) { return scratch }
    return try Scratch(for: plan, members: members)
  }

  func give(back scratch: Scratch) { free.withLock { $0.append(scratch) } }
}
