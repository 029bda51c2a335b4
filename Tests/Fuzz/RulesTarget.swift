@testable import WeightFormat

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A weights file that the runtime reads must be one that `Formats/xcw.py` reads, which was written from the specification
/// alone, and the other way around.
struct RulesTarget: FuzzTarget {
  private let questions: CInt
  private let answers: CInt

  /// The script `Tests/Fuzz/rules.py` is at the other end of the pipes that two variables name.
  init() {
    guard let to = unsafe getenv("FUZZ_RULES_QUESTIONS"), let from = unsafe getenv("FUZZ_RULES_ANSWERS") else {
      fatalError("FUZZ_RULES_QUESTIONS and FUZZ_RULES_ANSWERS name no pipes")
    }
    questions = unsafe open(to, O_WRONLY)
    answers = unsafe open(from, O_RDONLY)
    guard questions >= 0, answers >= 0 else { fatalError("the pipes cannot be opened") }
  }

  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    let file = FuzzedWeightFile.bytes(of: unsafe [UInt8](bytes))
    var fault: WeightFormatError?
    do throws(WeightFormatError) { try WeightFile(bytes: file).verifyContents() } catch { fault = error }
    guard fault?.fault != .limit else { return .refused }
    let accepts = ask(file)
    guard accepts == (fault == nil) else {
      defect(accepts ? "xcw.py accepts it, the runtime: \(fault!)" : "the runtime accepts it, xcw.py does not")
    }
    return fault == nil ? .accepted : .refused
  }

  func mutated(_ bytes: [UInt8], _ random: inout FuzzRandom) -> [UInt8]? {
    FuzzedWeightFile(bytes)?.mutated(&random).encoded
  }

  private func ask(_ file: [UInt8]) -> Bool {
    let question = (0..<4).map { UInt8(truncatingIfNeeded: file.count >> (8 * $0)) } + file
    var sent = 0
    while sent < question.count {
      let count = unsafe question.withUnsafeBytes { unsafe write(questions, $0.baseAddress! + sent, $0.count - sent) }
      guard count > 0 || errno == EINTR else { fatalError("rules.py reads no more") }
      sent += max(count, 0)
    }
    var answer: UInt8 = 0
    while true {
      let count = unsafe read(answers, &answer, 1)
      if count == 1 { break }
      // libFuzzer's alarm interrupts.
      guard count < 0, errno == EINTR else { fatalError("rules.py has ended: see what it says") }
    }
    return answer == UInt8(ascii: "y")
  }
}
