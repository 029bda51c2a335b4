import Synchronization

/// Work on items of a source by several threads at once, whose results are handed on in the order of the items.
///
/// What waits is bounded: no item is taken that is as many as `window` ahead of the one whose result comes next.
package final class OrderedWork<Item: Sendable, Value: Sendable> {
  private let window: Int
  /// How many items were taken; nil after the last. It is held while the source is asked, which may wait for input.
  private let taken = Lock<Int?>(0)
  /// The results that wait for an earlier one, by the number of their items.
  private let waiting = Lock<[Int: (Item, Value)]>([:])
  private let delivered = Atomic<Int>(0)
  private let failure = Lock<(any Error)?>(nil)
  private let isStopped = Atomic<Bool>(false)
  private let room = SleepingPlace()

  package init(window: Int) {
    precondition(window >= 1, "a window needs room for at least 1 result, found \(window)")
    self.window = window
  }

  /// Works on all items, and returns when the last result has been handed on.
  ///
  /// - Parameters:
  ///   - threads: How many threads work, the caller among them. They are started here.
  ///   - next: The next item, nil after the last; one thread asks at a time.
  ///   - perform: Runs on all threads at once.
  ///   - deliver: Takes the results in order, one at a time. An error that it throws ends the work.
  package func run(
    threads: Int, next: () -> Item?, perform: (Item) -> Value, deliver: (Item, Value) throws -> Void
  ) throws {
    WorkerPool(threads: threads).run { _ in
      while let (index, item) = take(from: next) {
        let value = perform(item)
        hand(on: index, item, value, to: deliver)
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func take(from next: () -> Item?) -> (Int, Item)? {
    taken.withLock { taken in
      guard let index = taken else { return nil }
      room.sleep { index - delivered.load(ordering: .acquiring) >= window && !isStopped.load(ordering: .acquiring) }
      guard !isStopped.load(ordering: .acquiring), let item = next() else {
        taken = nil
        return nil
      }
      taken = index + 1
      return (index, item)
    }
  }

  private func hand(on index: Int, _ item: Item, _ value: Value, to deliver: (Item, Value) throws -> Void) {
    waiting.withLock { waiting in
      waiting[index] = (item, value)
      var head = delivered.load(ordering: .relaxed)
      while !isStopped.load(ordering: .acquiring), let (item, value) = waiting.removeValue(forKey: head) {
        do { try deliver(item, value) } catch { stop(for: error) }
        head += 1
      }
      delivered.store(head, ordering: .releasing)
    }
    room.wake()
  }

  private func stop(for error: any Error) {
    failure.withLock { $0 = error }
    isStopped.store(true, ordering: .releasing)
  }
}
