#if canImport(Glibc)
  import Foundation
  import ModelGraph
  import SmallModel
  import Testing
  import Threads
  import WeightFormat
  import Xception

  /// Outside the suite: its trait would refer to itself.
  private let soakMinutes = ProcessInfo.processInfo.environment["XCEPTION_SOAK_MINUTES"].flatMap { Double($0) }

  /// Many callers for a long time. `Tests/soak.sh` says for how many minutes; without it the test is skipped.
  @Suite(.enabled(if: soakMinutes != nil, "Tests/soak.sh runs it"))
  struct SoakTests {
    private static let (callers, rounds) = (64, 10)

    @Test
    func `Sixty-four callers leave memory, threads and descriptors as they were, and get the same bits each time`()
      throws
    {
      let folder = FileManager.default.temporaryDirectory.appending(path: "soak-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let soak = try Soak(folder)
      let round = try #require(soakMinutes) * 60 / Double(Self.rounds)
      var atRest: [Process] = []
      for number in 1...Self.rounds {
        let end = ContinuousClock.now + .seconds(round)
        let threads = (1...Self.callers).map { caller in
          CallerThread { soak.call(until: end, seed: UInt64(1000 * number + caller)) }
        }
        for thread in threads { thread.start() }
        for thread in threads { thread.wait() }
        atRest.append(try Process.atRest())
        print("round \(number): \(atRest[number - 1]); \(soak.counts)")
      }
      #expect(soak.failures.isEmpty, "\(soak.failures.prefix(4).joined(separator: "\n"))")
      // The first rounds make what is kept: pools, scratch memory of as many calls as ran at once, the allocator's arenas.
      let early = atRest[Self.rounds / 2 - 1]
      let late = atRest[Self.rounds - 1]
      #expect(early.threads > 0 && late.threads == early.threads)
      #expect(late.descriptors == early.descriptors)
      #expect(late.residentKilobytes <= early.residentKilobytes + early.residentKilobytes / 10)
    }
  }

  /// What the system says of this process.
  private struct Process: CustomStringConvertible {
    var residentKilobytes: Int
    var threads: Int
    var descriptors: Int

    var description: String { "\(residentKilobytes) kB resident, \(threads) threads, \(descriptors) descriptors" }

    /// When threads that were joined have left their entries, which takes as long as this machine is busy.
    static func atRest() throws -> Process {
      var last = try current()
      for _ in 0..<100 {
        usleep(200_000)
        let now = try current()
        if now.threads == last.threads, now.descriptors == last.descriptors { return now }
        last = now
      }
      return last
    }

    private static func current() throws -> Process {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let resident = status.firstMatch(of: /VmRSS:\s*([0-9]+)/).flatMap { Int($0.1) } ?? -1
      let files = FileManager.default
      // Those of the pools: the system's libraries keep more or fewer of their own.
      let threads = try files.contentsOfDirectory(atPath: "/proc/self/task").count { thread in
        let name = try? String(contentsOfFile: "/proc/self/task/\(thread)/comm", encoding: .utf8)
        return name?.contains(/^xception-[0-9]+\n$/) == true
      }
      let descriptors = try files.contentsOfDirectory(atPath: "/proc/self/fd").count
      return Process(residentKilobytes: resident, threads: threads, descriptors: descriptors)
    }
  }

  private final class CallerThread: @unchecked Sendable {
    private let thread: Thread
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () -> Void) {
      thread = Thread { [done] in
        body()
        done.signal()
      }
    }

    func start() { thread.start() }
    func wait() { done.wait() }
  }

  /// The models and pictures, what each gives, and what was done.
  private final class Soak: Sendable {
    private struct Picture {
      var bytes: [UInt8]
      var isGood: Bool
    }

    private struct Setup {
      var file: URL
      var options: Classifier.Options
      var classifier: Classifier
      /// The probabilities of each good picture.
      var expected: [[Float]?]
    }

    private let pictures: [Picture]
    private let setups: [Setup]
    private let state = Lock(State())

    private struct State {
      var failures: [String] = []
      var counts: [String: Int] = [:]
    }

    var failures: [String] { state.withLock { $0.failures } }
    var counts: String {
      state.withLock { $0.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ") }
    }

    init(_ folder: URL) throws {
      pictures = Self.pictures
      var setups: [Setup] = []
      for side in [40, 71] {
        var model = try SmallModel.model()
        model.graph = try model.graph.resized(to: Extent(side))
        let file = folder.appending(path: "\(side).xcw")
        try WeightFile.write(model, to: file.path)
        for precision in Precision.allCases {
          for threads in [nil, 1] {
            let options = Classifier.Options(threads: threads, precision: precision)
            let classifier = try Classifier(contentsOf: file, options: options)
            let expected = try pictures.map { picture in
              picture.isGood ? try classifier.classification(of: .encoded(picture.bytes)).probabilities : nil
            }
            setups.append(Setup(file: file, options: options, classifier: classifier, expected: expected))
          }
        }
      }
      self.setups = setups
    }

    /// Good ones of several sizes, and others that must be refused.
    private static var pictures: [Picture] {
      var random = SplitMix64(seed: 5)
      func pixels(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }
      let sizes = [(1, 1), (48, 32), (40, 40), (301, 200), (640, 480)]
      let good = sizes.map { Array("P6 \($0.0) \($0.1) 255\n".utf8) + pixels($0.0 * $0.1 * 3) }
      let bad = [
        [], pixels(400), Array("P6 48 32 255\n".utf8) + pixels(1000), Array("P6 99999 99999 255\n".utf8),
        Array(good[1].prefix(5)),
      ]
      return good.map { Picture(bytes: $0, isGood: true) } + bad.map { Picture(bytes: $0, isGood: false) }
    }

    func call(until end: ContinuousClock.Instant, seed: UInt64) {
      var random = SplitMix64(seed: seed)
      while ContinuousClock.now < end {
        let setup = setups.randomElement(using: &random)!
        let index = pictures.indices.randomElement(using: &random)!
        switch Int.random(in: 0..<40, using: &random) {
        case 0: check("opened", setup, index) { try Classifier(contentsOf: setup.file, options: setup.options) }
        case 1...4: cancel(setup, index, after: UInt32.random(in: 0..<3000, using: &random))
        default: check("classified", setup, index) { setup.classifier }
        }
      }
    }

    private func check(_ what: String, _ setup: Setup, _ index: Int, _ classifier: () throws -> Classifier) {
      do {
        let found = try classifier().classification(of: .encoded(pictures[index].bytes)).probabilities
        if found == setup.expected[index] { count(what) } else { fail("picture \(index) gives \(found)") }
      } catch ClassifierError.image where !pictures[index].isGood {
        count("refused")
      } catch {
        fail("picture \(index): \(error)")
      }
    }

    /// A task that is cancelled ends with its result, or with the error that says so.
    private func cancel(_ setup: Setup, _ index: Int, after microseconds: UInt32) {
      let done = DispatchSemaphore(value: 0)
      let task = Task { [self] in
        defer { done.signal() }
        do {
          let found = try await setup.classifier.classification(of: .encoded(pictures[index].bytes)).probabilities
          if found == setup.expected[index] { count("came before they were cancelled") } else { fail("gives \(found)") }
        } catch ClassifierError.cancelled {
          count("cancelled")
        } catch ClassifierError.image where !pictures[index].isGood {
          count("refused")
        } catch {
          fail("cancelled: \(error)")
        }
      }
      usleep(microseconds)
      task.cancel()
      done.wait()
    }

    private func count(_ what: String) { state.withLock { $0.counts[what, default: 0] += 1 } }
    private func fail(_ what: String) { state.withLock { $0.failures.append(what) } }
  }
#endif
