internal import Threads

/// A number of seats, for which one task waits at a time.
final class Seats: Sendable {
  private struct State {
    var free: Int
    var isClosed = false
    var waiting: CheckedContinuation<Bool, Never>?
  }

  private let state: Lock<State>

  init(_ count: Int) { state = Lock(State(free: count)) }

  /// Takes a seat as soon as one is free.
  ///
  /// - Returns: False where no seats are given away any more.
  func take() async -> Bool {
    await withCheckedContinuation { continuation in
      let answer: Bool? = state.withLock { state in
        if state.isClosed { return false }
        if state.free > 0 {
          state.free -= 1
          return true
        }
        precondition(state.waiting == nil, "two tasks wait for seats")
        state.waiting = continuation
        return nil
      }
      if let answer { continuation.resume(returning: answer) }
    }
  }

  /// Leaves a seat to whoever waits for it.
  func give() {
    let next = state.withLock { state in
      if let next = state.waiting.take() { return Optional(next) }
      state.free += 1
      return nil
    }
    next?.resume(returning: true)
  }

  /// Gives no seats away any more.
  func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      return state.waiting.take()
    }
    waiting?.resume(returning: false)
  }
}
