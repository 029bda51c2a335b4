import Synchronization

/// Several threads work on the items of a source, and the results are delivered in the order of the items.
///
/// The number of results that wait is bounded: no item is taken that is `window` or more ahead of the one to be
/// delivered next.
package final class OrderedWork<Item: Sendable, Value: Sendable> {
  private let window: Int
  /// How many items have been taken; nil after the last. The lock is held while the source is asked, which may wait for
  /// input.
  private let taken = Lock<Int?>(0)
  /// Results that wait for an earlier one, by item number.
  private let waiting = Lock<[Int: (Item, Value)]>([:])
  private let delivered = Atomic<Int>(0)
  private let failure = Lock<(any Error)?>(nil)
  private let isStopped = Atomic<Bool>(false)
  private let room = SleepingPlace()

  package init(window: Int) {
    precondition(window >= 1, "a window needs room for at least 1 result, found \(window)")
    self.window = window
  }

  /// Works on all items, and returns when the last result has been delivered.
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
