/// Elements that never change, in memory of their own: unlike an array's, reading one touches no reference count.
///
/// Debug builds check the index. Whoever makes one deallocates it.
@safe struct ConstantArray<Element> {
  private let elements: UnsafeBufferPointer<Element>

  init(_ array: [Element]) {
    let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: array.count)
    _ = unsafe buffer.initialize(from: array)
    unsafe elements = UnsafeBufferPointer(buffer)
  }

  func deallocate() { unsafe elements.deallocate() }

  var count: Int { unsafe elements.count }
  var indices: Range<Int> { unsafe elements.indices }

  subscript(index: Int) -> Element {
    @inline(__always) get { unsafe elements[index] }
  }
}
