/// The last rows of a stream, as many as a pass along its columns needs at once.
@safe struct RowRing<Element: BitwiseCopyable>: ~Copyable {
  /// Elements of a row. More follow it in memory, which may safely be read.
  private let stride: Int
  private let capacity: Int
  private let memory: UnsafeMutablePointer<Element>
  /// How many rows have been read.
  private var end = 0

  /// - Parameter zero: what memory holds before rows are read.
  init(rows capacity: Int, width: Int, zero: Element) {
    self.capacity = max(capacity, 1)
    stride = width + 4
    unsafe memory = .allocate(capacity: self.capacity * stride)
    unsafe memory.initialize(repeating: zero, count: self.capacity * stride)
  }

  deinit { unsafe memory.deallocate() }

  /// A row that is among the last ones.
  subscript(row: Int) -> UnsafeMutablePointer<Element> { unsafe memory + row % capacity * stride }

  /// Reads rows up to and including a given one.
  ///
  /// - Parameter next: writes the next row into memory for it.
  mutating func advance<Failure: Error>(
    to end: Int, _ next: (UnsafeMutablePointer<Element>, _ stride: Int) throws(Failure) -> Void
  ) throws(Failure) {
    while self.end < end {
      try unsafe next(self[self.end], stride)
      self.end += 1
    }
  }
}
