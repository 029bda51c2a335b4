/// The rows of a run of a weights matrix; the run may begin and end inside a row.
@usableFromInline
struct MatrixRows<Element> {
  @usableFromInline let values: UnsafePointer<Element>
  @usableFromInline let first: Int
  @usableFromInline let end: Int
  @usableFromInline let columns: Int

  @inlinable @inline(__always)
  init(_ values: UnsafePointer<Element>, first: Int, count: Int, columns: Int) {
    self.values = values
    self.first = first
    self.end = first &+ count
    self.columns = columns
  }

  @inlinable @inline(__always)
  var all: Range<Int> { Range(uncheckedBounds: (first / columns, (end &+ columns &- 1) / columns)) }

  @inlinable @inline(__always)
  func columns(of panel: Int, width: Int) -> Range<Int> {
    Range(uncheckedBounds: (panel &* width, min((panel &+ 1) &* width, columns)))
  }

  @inlinable @inline(__always)
  subscript(row: Int, column: Int) -> Element { values[row &* columns &+ column &- first] }

  /// Where some columns of a row start, if the run has all of them.
  @inlinable @inline(__always)
  func whole(_ row: Int, _ columns: Range<Int>) -> UnsafePointer<Element>? {
    let start = row &* self.columns
    guard start &+ columns.lowerBound >= first, start &+ columns.upperBound <= end else { return nil }
    return values + (start &+ columns.lowerBound &- first)
  }

  /// Those of some columns of a row that the run has.
  @inlinable @inline(__always)
  func present(_ row: Int, _ columns: Range<Int>) -> Range<Int> {
    let start = row &* self.columns
    let lower = max(columns.lowerBound, first &- start)
    return Range(uncheckedBounds: (lower, max(lower, min(columns.upperBound, end &- start))))
  }
}
