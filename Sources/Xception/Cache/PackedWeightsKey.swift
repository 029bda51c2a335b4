internal import Files
internal import ModelGraph
internal import Runtime
internal import WeightFormat

/// What a block of packed weights depends on.
///
/// Reading all of a weights file to know which one it is would take longer than to map its packed weights. So it is known by
/// its place in the file system, its times, of which no program sets that of the last change, and the checksums that its
/// directory states.
struct PackedWeightsKey: Hashable, Sendable {
  /// All that the block depends on.
  let text: String
  /// The same without the state of the file, whose next state's block replaces this one's.
  private let place: String

  /// Nil where the file could still change without its times showing it.
  init?(
    _ file: WeightFile, instructionSet: InstructionSet, precision asked: Precision?, options: PlanOptions
  ) {
    guard let (identity, contents) = file.identity, identity.isSettled else { return nil }
    let precision = asked ?? file.model.graph.precision
    let computation = [
      "packing \(PackedWeights.version) \(Self.architecture)", "instructions \(instructionSet.rawValue)",
      // Where int8 is asked for, weights that are not integers yet are quantized.
      "precision \(precision.rawValue) \(asked == .int8 ? "quantized" : "as stored")",
      "bf16 products \(Plan.multipliesBFloat16(precision, instructionSet, options))", "\(options)",
    ]
    place = (computation + ["file \(identity.device) \(identity.number)"]).joined(separator: "\n")
    let state = [
      "size \(identity.size)", "modified \(identity.modification)", "changed \(identity.change)", contents,
    ]
    text = ([place] + state).joined(separator: "\n")
  }

  /// The name of the block's file: 16 hexadecimal digits, and an ending that others in the folder do not have.
  var fileName: String {
    let hash = place.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits + Self.ending
  }

  static let ending = ".packed"

  private static var architecture: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "arm64"
    #else
      #error("a name for this architecture is missing")
    #endif
  }
}
