/// Rows of a source, read one by one and to the end, and the time that reading takes.
struct CountedRows<Source: RowSource> {
  private var source: Source
  private var row = 0
  private(set) var time = Duration.zero

  init(source: Source) { self.source = source }

  var width: Int { source.width }
  var height: Int { source.height }

  /// The next row, into memory for that many values.
  mutating func read(into row: UnsafeMutablePointer<UInt8>, stride: Int) throws(Source.Failure) {
    let start = ContinuousClock.now
    try unsafe source.read(1, into: row, stride: stride)
    time += start.duration(to: .now)
    self.row += 1
  }

  /// Reads the rows that nobody needs, because damage is an error wherever it is.
  mutating func finish() throws(Source.Failure) {
    guard row < height else { return }
    var line = RowRing<UInt8>(rows: 1, width: width * Source.samples, zero: 0)
    try unsafe line.advance(to: height - row) { (line, stride) throws(Source.Failure) in
      try unsafe read(into: line, stride: stride)
    }
  }
}
