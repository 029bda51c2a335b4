import Foundation
import SmallModel
import Synchronization
import Testing
import Xception

struct SequenceTests {
  let classifier: Classifier
  let pictures: [ImageSource]

  init() throws {
    let model = try SmallModel.shared.get()
    classifier = try Classifier(contentsOf: model.file)
    pictures = (0..<40).map { index in
      .rgb([UInt8](repeating: UInt8(index * 6), count: 20 * 10 * 3), width: 20, height: 10)
    }
  }

  /// Pictures that count how many of them were asked for.
  private struct Counted: AsyncSequence, Sendable {
    struct End: Error {}

    final class Count: Sendable { let value = Atomic<Int>(0) }

    let pictures: [ImageSource]
    var endsWithError = false
    let asked = Count()

    func makeAsyncIterator() -> Iterator { Iterator(of: self) }

    struct Iterator: AsyncIteratorProtocol {
      let of: Counted
      var index = 0

      mutating func next() async throws -> ImageSource? {
        if index == of.pictures.count {
          if of.endsWithError { throw End() }
          return nil
        }
        of.asked.value.add(1, ordering: .relaxed)
        index += 1
        return of.pictures[index - 1]
      }
    }
  }

  @Test func `Results come in the order of the images, the same as one by one, with failures among them`() async throws
  {
    var sources = pictures
    sources[7] = .path("/nowhere/at/all")
    var index = 0
    for await result in classifier.classify(sources, top: 2) {
      if index == 7 {
        #expect(throws: ClassifierError.self) { try result.get() }
      } else {
        let (found, expected) = (try result.get(), try await classifier.classification(of: sources[index], top: 2))
        #expect(found.predictions == expected.predictions)
        #expect(found.probabilities == expected.probabilities)
      }
      index += 1
    }
    #expect(index == 40)
  }

  @Test func `Images are asked for as results are taken`() async throws {
    let images = Counted(pictures: pictures)
    var taken = 0
    let ahead = 4 * classifier.network.threads
    for try await _ in classifier.classify(images) {
      taken += 1
      try await Task.sleep(for: .milliseconds(2))
      // The room of the result that was just taken is free again.
      #expect(images.asked.value.load(ordering: .relaxed) <= taken + ahead)
    }
    #expect(taken == 40)
  }

  @Test func `An error of the sequence is thrown after the results of the images before it`() async throws {
    var taken = 0
    do {
      for try await result in classifier.classify(Counted(pictures: pictures, endsWithError: true)) {
        _ = try result.get()
        taken += 1
      }
      Issue.record("no error")
    } catch {
      #expect(error is Counted.End)
    }
    #expect(taken == 40)
  }

  @Test func `Cancelling the task ends the sequence early`() async throws {
    let images = Counted(pictures: (0..<100).flatMap { _ in pictures })
    let task = Task { [classifier] in
      var results: [Result<Classification, ClassifierError>] = []
      for try await result in classifier.classify(images) {
        results.append(result)
        if results.count == 3 { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
      }
      return results
    }
    let results = try await task.value
    #expect(results.count < 100)
    for result in results.prefix(3) { #expect(throws: Never.self) { try result.get() } }
  }

  @Test func `An iterator that is given up asks for no more images`() async throws {
    let images = Counted(pictures: (0..<100).flatMap { _ in pictures })
    for try await _ in classifier.classify(images) { break }
    // What is in flight ends when this machine has time for it.
    var asked: Int
    repeat {
      asked = images.asked.value.load(ordering: .relaxed)
      try await Task.sleep(for: .seconds(1))
    } while images.asked.value.load(ordering: .relaxed) != asked
    #expect(asked <= 1 + 4 * classifier.network.threads)
  }

  /// Two pictures, and then none that ever comes.
  private struct Hanging: AsyncSequence, Sendable {
    let pictures: ArraySlice<ImageSource>
    /// Ends when the third picture is waited for.
    let waiting = AsyncStream.makeStream(of: Void.self)
    /// Ends when it is not any more.
    let ended = AsyncStream.makeStream(of: Void.self)

    func makeAsyncIterator() -> Iterator { Iterator(of: self, left: pictures) }

    struct Iterator: AsyncIteratorProtocol {
      let of: Hanging
      var left: ArraySlice<ImageSource>

      mutating func next() async -> ImageSource? {
        if let picture = left.popFirst() { return picture }
        let (never, continuation) = AsyncStream.makeStream(of: ImageSource.self)
        continuation.onTermination = { [of] _ in of.ended.continuation.finish() }
        of.waiting.continuation.finish()
        for await picture in never { return picture }
        return withExtendedLifetime(continuation) { nil }
      }
    }
  }

  @Test(.timeLimit(.minutes(2))) func `A sequence that is waited for is cancelled when the iterator is given up`() async
  {
    let images = Hanging(pictures: pictures.prefix(2))
    var taken = 0
    for await _ in classifier.classify(images) {
      taken += 1
      if taken < 2 { continue }
      for await _ in images.waiting.stream {}
      break
    }
    for await _ in images.ended.stream {}
  }

  @Test(.timeLimit(.minutes(2)), arguments: [0, 2])
  func `A sequence that is waited for is cancelled when the task is`(count: Int) async {
    let images = Hanging(pictures: pictures.prefix(count))
    let task = Task { [classifier] in
      var taken = 0
      for await _ in classifier.classify(images) { taken += 1 }
      return taken
    }
    for await _ in images.waiting.stream {}
    task.cancel()
    #expect(await task.value <= count)
    for await _ in images.ended.stream {}
  }

  @Test(.timeLimit(.minutes(2)))
  func `What a sequence throws because it is cancelled is not thrown`() async throws {
    struct Sleeping: AsyncSequence, Sendable {
      struct Iterator: AsyncIteratorProtocol {
        mutating func next() async throws -> ImageSource? {
          try await Task.sleep(for: .seconds(10_000))
          return nil
        }
      }

      func makeAsyncIterator() -> Iterator { Iterator() }
    }
    let task = Task { [classifier] in
      for try await _ in classifier.classify(Sleeping()) {}
    }
    try await Task.sleep(for: .milliseconds(100))
    task.cancel()
    try await task.value
  }
}
