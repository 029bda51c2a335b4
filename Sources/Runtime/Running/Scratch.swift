import Threads

/// The memory of one call: the values, and the scratch of each member.
final class Scratch: @unchecked Sendable {
  // Unchecked: the memory belongs to one call at a time, whose members divide it among themselves.

  let arena: BoundedPointer<Float>
  let phase: BoundedPointer<Phase>
  let isCancelled: BoundedPointer<Bool>
  /// How each stage is divided by as many members as the last run had.
  let divisions: BoundedPointer<Division>
  private let dividers: BoundedPointer<Int>
  private let memory: AlignedMemory
  private let members: [MemberScratch]
  private let buffers: BoundedPointer<CallBuffers>
  /// What each member does.
  private let runs: ConstantArray<MemberRun>

  init(for plan: Plan, members count: Int) throws(OutOfMemory) {
    let needs = plan.memberMemory
    let perMember = MemberScratch.wordCount(needs)
    let arenaWords = Self.padded(plan.arenaWords)
    memory = try AlignedMemory(
      byteCount: (arenaWords + perMember * count) * MemoryLayout<Float>.size)
    let words = memory.floats
    arena = words.part(from: 0, count: plan.arenaWords)
    members = (0..<count).map {
      MemberScratch(needs, in: words.part(from: arenaWords + $0 * perMember, count: perMember))
    }
    phase = .allocate(1, repeating: Phase())
    isCancelled = .allocate(1, repeating: false)
    divisions = .allocate(plan.stages.count, repeating: Division(.units(1), members: 1))
    dividers = .allocate(1, repeating: 0)
    buffers = .allocate(1, repeating: CallBuffers(input: words, output: words, features: nil))
    runs = ConstantArray(
      members.map { [arena, buffers] in
        MemberRun(plan, arena: arena, $0, buffers)
      })
  }

  deinit {
    phase.deallocate()
    isCancelled.deallocate()
    divisions.deallocate()
    dividers.deallocate()
    buffers.deallocate()
    runs.deallocate()
    for member in members { member.deallocate() }
  }

  /// Prepares for a run.
  func begin(_ buffers: CallBuffers) {
    self.buffers[0] = buffers
    phase[0] = Phase()
    isCancelled[0] = false
    for index in runs.indices { runs[index].scratch.begin() }
  }

  /// Finds the best divisions, unless the last run had as many members.
  func divide(_ stages: ConstantArray<Stage>, members: Int) {
    guard dividers[0] != members else { return }
    for index in stages.indices { divisions[index] = Division(stages[index].size, members: members) }
    dividers[0] = members
  }

  subscript(member: Int) -> MemberRun { runs[member] }

  /// Whole pages, so that no two members write to one cache line.
  static func padded(_ words: Int) -> Int { (words + 1023) & ~1023 }
}

/// The scratch of one member of a team.
@safe struct MemberScratch {
  let rowPanel: BoundedPointer<Float>
  private let rowPanelWords: Int
  let line: BoundedPointer<Float>
  let scaled: BoundedPointer<Float>
  let rows: BoundedPointer<Float>
  let bytes: BoundedPointer<Float>
  let tileSums: BoundedPointer<Float>
  let bands: BoundedPointer<Float>
  /// Three rows of a map as floats, `floatRow` apart.
  let floatRows: BoundedPointer<Float>
  let floatRow: Int
  private let lists: BoundedPointer<Int>
  /// For each row of a block, where it is in the row panel, in the output and in the residual.
  let slots: BoundedPointer<Int>
  let outputOffsets: BoundedPointer<Int>
  let residualOffsets: BoundedPointer<Int>
  /// For each row of a block, where its scale is in the row panel.
  let scaleSlots: BoundedPointer<Int>
  /// Where the pixels are whose values are to become integers.
  let rowSlots: BoundedPointer<Int>
  /// The phase in which a member last ran steps in turns, and the range of rows of the stage's output.
  let turns: BoundedPointer<Int>
  /// The phase and the part of its product's rows that the row panel and the lists hold.
  let begun: BoundedPointer<Int>
  /// The phase and the band whose bytes are there.
  let band: BoundedPointer<Int>
  /// The rows of a window.
  let inputRows: BoundedPointer<UnsafePointer<Float>>
  let outputRows: BoundedPointer<UnsafeMutablePointer<Float>>
  let residualRows: BoundedPointer<UnsafePointer<Float>>

  init(_ needs: MemberScratchSizes, in memory: BoundedPointer<Float>) {
    rowPanel = memory.part(from: 0, count: needs.rowPanel)
    bands = rowPanel.part(from: needs.rowPanel - needs.bands, count: needs.bands)
    rowPanelWords = needs.rowPanel
    var end = Scratch.padded(needs.rowPanel)
    func part(_ words: Int) -> BoundedPointer<Float> {
      defer { end += Scratch.padded(words) }
      return memory.part(from: end, count: words)
    }
    line = part(needs.line)
    scaled = part(needs.scaled)
    rows = part(needs.rows)
    bytes = part(needs.bytes)
    tileSums = part(needs.tileSums)
    floatRows = part(3 * needs.floatRow)
    floatRow = needs.floatRow
    let states = 4 * needs.blockRows + ProductShape.mostQuantizedRows
    lists = .allocate(states + 7, repeating: 0)
    turns = lists.part(from: states, count: 3)
    begun = lists.part(from: states + 3, count: 2)
    band = lists.part(from: states + 5, count: 2)
    slots = lists.part(from: 0, count: needs.blockRows)
    outputOffsets = lists.part(from: needs.blockRows, count: needs.blockRows)
    residualOffsets = lists.part(from: 2 * needs.blockRows, count: needs.blockRows)
    scaleSlots = lists.part(from: 3 * needs.blockRows, count: needs.blockRows)
    rowSlots = lists.part(from: 4 * needs.blockRows, count: ProductShape.mostQuantizedRows)
    unsafe inputRows = .allocate(needs.windowRows, repeating: memory.reading(0))
    unsafe outputRows = .allocate(6, repeating: memory.writing(0))
    unsafe residualRows = .allocate(6, repeating: memory.reading(0))
  }

  static func wordCount(_ needs: MemberScratchSizes) -> Int {
    [needs.rowPanel, needs.line, needs.scaled, needs.rows, needs.bytes, needs.tileSums, 3 * needs.floatRow]
      .reduce(0) { $0 + Scratch.padded($1) }
  }

  /// What a step needs beside its rows, at the end of their memory.
  func beside(_ words: Int) -> BoundedPointer<Float> { rowPanel.part(from: rowPanelWords - words, count: words) }

  /// Forgets what the previous run left.
  func begin() { (turns[0], begun[0], band[0]) = (0, 0, 0) }

  func deallocate() {
    lists.deallocate()
    unsafe inputRows.deallocate()
    unsafe outputRows.deallocate()
    unsafe residualRows.deallocate()
  }
}

/// The free scratch memory: a call takes one or makes one, so that callers never wait for each other's.
final class ScratchPool: Sendable {
  private let free = Lock<[Scratch]>([])

  func take(for plan: Plan, members: Int) throws(OutOfMemory) -> Scratch {
    if let scratch = free.withLock({ $0.popLast() }) { return scratch }
    return try Scratch(for: plan, members: members)
  }

  func give(back scratch: Scratch) { free.withLock { $0.append(scratch) } }
}
