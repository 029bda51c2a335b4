/// Work in phases, each a number of tickets that the members of a team take as they arrive.
///
/// Nobody waits for a member that has not arrived or holds no ticket: the others do its share. So what a ticket does
/// must not depend on who performs it, nor on the order within a phase.
package protocol TicketWork {
  /// Begins the next phase. One member at a time calls it, when all tickets of the phase before have been performed;
  /// all members see what it writes.
  ///
  /// - Returns: The number of tickets, at most `TicketQueue.mostTickets`; 0 where the work is done.
  func beginPhase(members: Int) -> Int

  /// Performs consecutive tickets, some of those of a phase.
  ///
  /// - Parameter member: Below the number of members; no other thread has the same number until the work is done.
  func perform(_ tickets: Range<Int>, as member: Int)
}

extension TicketWork {
  /// Performs all phases on the calling thread alone.
  func performAlone() {
    while true {
      let tickets = beginPhase(members: 1)
      if tickets == 0 { return }
      perform(0..<tickets, as: 0)
    }
  }
}
