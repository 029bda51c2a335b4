/// Work in phases, each of which is a number of tickets that the members of a team take as they come.
///
/// Nobody waits for a member that has not come, or that holds no ticket: the others take what would have been its part. So
/// what a ticket does must not depend on who performs it, nor on the order within a phase.
package protocol TicketWork {
  /// Begins the next phase. One member at a time calls it, when all tickets of the phase before have been performed, and what
  /// it writes all members see.
  ///
  /// - Returns: The number of tickets, at most `TicketQueue.mostTickets`; 0 where the work is done.
  func beginPhase(members: Int) -> Int

  /// Performs tickets that follow each other. A member performs some at a time, but not all of a phase's.
  ///
  /// - Parameter member: A number below that of the members; no other thread has it until the work is done.
  func perform(_ tickets: Range<Int>, as member: Int)
}

extension TicketWork {
  /// The same by the caller alone.
  func performAlone() {
    while true {
      let tickets = beginPhase(members: 1)
      if tickets == 0 { return }
      perform(0..<tickets, as: 0)
    }
  }
}
