import Synchronization

/// A member's part of a phase's tickets: its owner takes them from the front, others from the back.
///
/// It fills cache lines of its own, as the owner uses it all the time.
struct TicketQueue: ~Copyable {
  /// How many tickets a phase has at most.
  static let mostTickets = 0xffff

  /// The number of a phase in the upper half; below it the tickets of that phase that are left: the end, then the first.
  private let word = Atomic<UInt64>(0)
  /// The number of the thread that performs tickets as the owner now, for those that wait for it; 0 where none does.
  let performer = Atomic<Int>(0)
  private let padding = InlineArray<14, UInt64>(repeating: 0)

  /// Takes half of the tickets that are left, at least one: large parts while there is much to do, as what a ticket
  /// reads is read once for each part, and small ones at the end, where others would wait for them.
  ///
  /// Only tickets of the phase with this number are taken: a queue that is still at an earlier phase, of the 2^31 before
  /// it, counts as full, and of one that is at a later phase nothing is left, as this phase is over.
  ///
  /// - Parameter dealt: The tickets of the phase that were dealt to this queue.
  func take(ofPhase phase: UInt32, dealt: Range<Int>, fromBack: Bool) -> Range<Int> {
    var current = word.load(ordering: .relaxed)
    while true {
      let left = Self.left(in: current, ofPhase: phase, dealt: dealt)
      if left.isEmpty { return left }
      let count = (left.count + 1) / 2
      let middle = fromBack ? left.upperBound - count : left.lowerBound + count
      let rest = fromBack ? left.lowerBound..<middle : middle..<left.upperBound
      // Whoever takes a ticket has seen the phase begin, and with it everything that was written before.
      let (taken, found) = word.weakCompareExchange(
        expected: current, desired: Self.word(phase, rest), ordering: .relaxed)
      if taken { return fromBack ? middle..<left.upperBound : left.lowerBound..<middle }
      current = found
    }
  }

  /// How many tickets are left.
  func count(ofPhase phase: UInt32, dealt: Range<Int>) -> Int {
    Self.left(in: word.load(ordering: .relaxed), ofPhase: phase, dealt: dealt).count
  }

  /// Leaves nothing of a phase that is over, and of those before it.
  func follow(toPhase phase: UInt32) { word.store(Self.word(phase, 0..<0), ordering: .relaxed) }

  private static func left(in word: UInt64, ofPhase phase: UInt32, dealt: Range<Int>) -> Range<Int> {
    let found = UInt32(word >> 32)
    if found == phase { return Int(word & 0xffff)..<Int(word >> 16 & 0xffff) }
    return Int32(bitPattern: found &- phase) > 0 ? 0..<0 : dealt
  }

  private static func word(_ phase: UInt32, _ tickets: Range<Int>) -> UInt64 {
    UInt64(phase) << 32 | UInt64(tickets.upperBound) << 16 | UInt64(tickets.lowerBound)
  }
}
