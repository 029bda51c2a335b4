internal import Runtime
internal import Threads

/// The results of a sequence of images, in its order.
struct Classifications<Images: AsyncSequence & Sendable>: AsyncSequence, Sendable where Images.Element == ImageSource {
  typealias Element = Result<Classification, ClassifierError>
  typealias Failure = Images.Failure

  let classifier: Classifier
  let images: Images
  let top: Int?
  let heatmaps: Bool

  func makeAsyncIterator() -> Iterator {
    let (calls, continuation) = AsyncStream.makeStream(of: Call.self)
    let flow = Flow<Failure>(threads: classifier.network.threads)
    flow.source = Task {
      await start(continuation, flow)
      continuation.finish()
    }
    return Iterator(owner: FlowOwner(flow: flow), calls: calls.makeAsyncIterator())
  }

  /// Of one image.
  typealias Call = Task<Element, Never>

  /// Asks for images while there is room, and starts a call for each.
  private func start(_ calls: AsyncStream<Call>.Continuation, _ flow: Flow<Failure>) async {
    var iterator = images.makeAsyncIterator()
    do throws(Failure) {
      while await flow.room.take(), await flow.threads.take(), let image = try await iterator.next(isolation: nil) {
        calls.yield(
          Task { [classifier, top, heatmaps] in
            defer { flow.threads.give() }
            return Result { () throws(ClassifierError) in
              try classifier.classification(of: image, top: top, heatmaps: heatmaps, cancellation: flow.cancellation)
            }
          })
      }
    } catch {
      // What a sequence throws because it is cancelled is no end of its own.
      if !flow.cancellation.isCancelled { flow.end(with: error) }
    }
  }

  struct Iterator: AsyncIteratorProtocol {
    fileprivate let owner: FlowOwner<Failure>
    fileprivate var calls: AsyncStream<Call>.Iterator

    mutating func next() async throws(Failure) -> Element? {
      let flow = owner.flow
      let result: Element? = await withTaskCancellationHandler {
        guard let call = await calls.next() else { return nil }
        return await call.value
      } onCancel: {
        flow.stop()
      }
      guard let result else {
        if let failure = flow.failure { throw failure }
        return nil
      }
      flow.room.give()
      return result
    }
  }
}

/// Bounds the images in flight, and stops them.
private final class Flow<Failure: Error>: Sendable {
  /// For the images between the sequence and whoever takes the results: these may wait for one that takes longer.
  let room: Seats
  /// For the calls that are being made.
  let threads: Seats
  let cancellation = Cancellation()
  private let end = Lock<Failure?>(nil)
  private let task = Lock<Task<Void, Never>?>(nil)

  init(threads count: Int) {
    room = Seats(4 * count)
    threads = Seats(count)
  }

  /// What ended the sequence of images early.
  var failure: Failure? { end.withLock { $0 } }

  func end(with failure: Failure) { end.withLock { $0 = failure } }

  /// What asks the sequence for images. It may wait for one for ever: only where it is cancelled does the sequence end.
  var source: Task<Void, Never>? {
    get { task.withLock { $0 } }
    set { task.withLock { $0 = newValue } }
  }

  func stop() {
    cancellation.cancel()
    room.close()
    threads.close()
    source?.cancel()
  }
}

/// Stops what is in flight for an iterator that was released.
private final class FlowOwner<Failure: Error>: Sendable {
  let flow: Flow<Failure>

  init(flow: Flow<Failure>) { self.flow = flow }

  deinit { flow.stop() }
}
