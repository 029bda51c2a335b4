import CTestSupport
import Foundation
import Testing

@testable import Threads

@Suite struct CallCountTests {
  @Test func `Calls count from their beginning to their end`() {
    let count = CallCount()
    #expect(count.value == 0)
    let (first, second) = (count.begin(), count.begin())
    #expect(count.value == 2)
    count.end(first)
    #expect(count.value == 1)
    count.end(second)
    #expect(count.value == 0)
  }

  @Test func `Threads at once lose no call`() {
    let count = CallCount()
    WorkerPool(threads: 4).run { _ in
      for _ in 0..<10_000 { count.end(count.begin()) }
    }
    #expect(count.value == 0)
  }

  @Test func `The calls of other threads do not count in a child, whose own do`() async {
    await #expect(processExitsWith: .success) {
      let call = Family.count.begin()
      let status = unsafe result_in_child(
        { _ in
          guard Family.count.value == 0 else { return 1 }
          let own = Family.count.begin()
          guard Family.count.value == 1 else { return 2 }
          let status = unsafe result_in_child({ _ in Family.count.value == 0 ? 0 : 1 }, nil)
          Family.count.end(own)
          return Family.count.value == 0 ? status : 3
        }, nil)
      guard status == 0, Family.count.value == 1 else { exit(1) }
      // One that has begun before a fork and ends behind it.
      Family.call = call
      let ended = unsafe result_in_child(
        { _ in
          let own = Family.count.begin()
          Family.count.end(Family.call!)
          guard Family.count.value == 1 else { return 1 }
          Family.count.end(own)
          return Family.count.value == 0 ? 0 : 2
        }, nil)
      Family.count.end(call)
      exit(ended == 0 && Family.count.value == 0 ? 0 : 2)
    }
  }
}

/// What a process and its children count.
private enum Family {
  static let count = CallCount()
  nonisolated(unsafe) static var call: CallCount.Call?
}
