internal import ModelGraph
internal import Runtime
internal import Threads

/// How the odds of a class fall where a patch hides a part of a network's input.
///
/// The input is divided into square cells, at most 14 a side. For each cell one patch of twice its side, of the input's mean
/// color, lies over the cell's center. As many patched inputs are run at once as there are threads, each on one.
struct Occlusion {
  private static let cells = 14

  let classifier: Classifier
  let input: [Float]
  let classIndex: Int

  func map(
    cancellation: Cancellation?, progress: (Double) -> Void
  ) throws(ClassifierError) -> Evidence.Grid {
    guard case .map(let height, let width, _) = classifier.network.plan.inputShape else {
      preconditionFailure("classifiers take maps")
    }
    let cell = (max(height, width) + Self.cells - 1) / Self.cells
    let (rows, columns) = ((height + cell - 1) / cell, (width + cell - 1) / cell)
    let whole = try logOdds(of: input, threads: .max, cancellation: cancellation)
    let colors = meanColors()
    var values: [Double] = []
    var failure: ClassifierError?
    var next = 0
    let work = OrderedWork<Int, Result<Double, ClassifierError>>(window: 2 * classifier.network.threads)
    do {
      try work.run(
        threads: min(classifier.network.threads, rows * columns),
        next: {
          guard next < rows * columns else { return nil }
          defer { next += 1 }
          return next
        },
        perform: { index in
          Result { () throws(ClassifierError) in
            let patched = patched(
              rows: Self.patch(index / columns, cell, height), columns: Self.patch(index % columns, cell, width), colors
            )
            return try logOdds(of: patched, threads: 1, cancellation: cancellation)
          }
        },
        deliver: { _, result in
          values.append(whole - (try result.get()))
          progress(Double(values.count) / Double(rows * columns))
        })
    } catch {
      failure = error as? ClassifierError
    }
    if let failure { throw failure }
    return Evidence.Grid(width: columns, height: rows, values: values)
  }

  /// What lies under a patch over the cell of a number, along one side.
  private static func patch(_ index: Int, _ cell: Int, _ size: Int) -> Range<Int> {
    max(0, index * cell - cell / 2)..<min(size, (index + 1) * cell + (cell + 1) / 2)
  }

  private func meanColors() -> [Float] {
    let channels = classifier.network.plan.inputShape.channels
    var sums = [Double](repeating: 0, count: channels)
    for (index, value) in input.enumerated() { sums[index % channels] += Double(value) }
    return sums.map { Float($0 / Double(input.count / channels)) }
  }

  private func patched(rows: Range<Int>, columns: Range<Int>, _ colors: [Float]) -> [Float] {
    guard case .map(_, let width, let channels) = classifier.network.plan.inputShape else { return input }
    var values = input
    for row in rows {
      for column in columns {
        for channel in 0..<channels { values[(row * width + column) * channels + channel] = colors[channel] }
      }
    }
    return values
  }

  private func logOdds(
    of input: [Float], threads: Int, cancellation: Cancellation?
  ) throws(ClassifierError) -> Double {
    classifier.head.logOdds(
      of: classIndex,
      values: try classifier.run(input, keepsMap: false, threads: threads, cancellation: cancellation).output)
  }
}
