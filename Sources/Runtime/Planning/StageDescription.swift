import Kernels

/// What a stage does.
package struct StageDescription: Hashable, Sendable {
  /// The nodes' names.
  package var name: String
  package var kernel: String
  /// The shape of the result, without padding.
  package var shape: String
  /// The name of what each step runs in: the steps of a stage may differ.
  package var multiplyAddsByArithmetic: [Arithmetic: Int]

  package var multiplyAdds: Int { multiplyAddsByArithmetic.values.reduce(0, +) }

  init(_ stage: Stage, lowering: Lowering, maps: [FeatureMap]) {
    let notes = stage.steps.map { lowering.notes[$0] }
    let separator = stage.turnRows == 0 ? ", " : " ... "
    name = notes.count == 1 ? notes[0].name : notes[0].name + separator + notes[notes.count - 1].name
    let steps = stage.steps.map { lowering.steps[$0] }
    multiplyAddsByArithmetic = zip(steps, notes).reduce(into: [:]) { sums, pair in
      if pair.1.multiplyAdds > 0 { sums[pair.0.arithmetic, default: 0] += pair.1.multiplyAdds }
    }
    if steps.count == 1 {
      kernel = steps[0].kernel
    } else if stage.turnRows == 0 {
      kernel = "\(steps.count) products of the same rows, \(steps[0].arithmetic.name)"
    } else {
      let names = multiplyAddsByArithmetic.sorted { $0.value > $1.value }.map(\.key.name)
      kernel = (["\(steps.count) steps in turns of \(stage.turnRows) rows"] + names).joined(separator: ", ")
    }
    let map = maps[stage.output]
    shape = "\(map.height)x\(map.width)x\(map.channels)"
  }
}
