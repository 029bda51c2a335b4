/// An address in memory that another value owns. In debug builds it knows the block in which it must stay: a row of a
/// map, a part of the scratch memory, the weights.
///
/// Stepping out of the block, reading an element outside it, promising a kernel more elements than the block has, or
/// writing to constants stops a debug build. A release build has the address alone. The owner must outlive it.
@safe struct BoundedPointer<Element: BitwiseCopyable> {
  private let address: UnsafeMutablePointer<Element>
  #if DEBUG
    private let bounds: Bounds
  #endif

  /// The elements of the block before the address and after it, and whether the block is read-only.
  private struct Bounds {
    var before: Int
    var after: Int
    var isConstant: Bool

    func contains(_ offset: Int, _ count: Int) -> Bool {
      count >= 0 && offset >= -before && offset + count <= after
    }
  }

  @inline(__always)
  private init(_ address: UnsafeMutablePointer<Element>, _ bounds: @autoclosure () -> Bounds) {
    unsafe self.address = address
    #if DEBUG
      self.bounds = bounds()
    #endif
  }

  /// Whether `count` elements from an offset on lie in the block; always true in release builds.
  @inline(__always)
  func contains(_ offset: Int, count: Int) -> Bool {
    #if DEBUG
      bounds.contains(offset, count)
    #else
      true
    #endif
  }

  /// Whether `width` elements from each of some offsets on lie in the block; always true in release builds.
  func contains(_ offsets: BoundedPointer<Int>, count: Int, width: Int) -> Bool {
    #if DEBUG
      var index = 0
      while index < count {
        guard bounds.contains(offsets[index], width) else { return false }
        index += 1
      }
    #endif
    return true
  }

  @inline(__always)
  private var isConstant: Bool {
    #if DEBUG
      bounds.isConstant
    #else
      false
    #endif
  }

  @inline(__always)
  private func moved(by offset: Int) -> Bounds {
    #if DEBUG
      Bounds(before: bounds.before + offset, after: bounds.after - offset, isConstant: bounds.isConstant)
    #else
      Bounds(before: 0, after: 0, isConstant: false)
    #endif
  }
}

// MARK: Owners

extension BoundedPointer {
  /// The first of `count` elements.
  @inline(__always)
  init(_ address: UnsafeMutablePointer<Element>, count: Int) {
    unsafe self.init(address, Bounds(before: 0, after: count, isConstant: false))
  }

  /// The first of some elements.
  @inline(__always)
  init(_ elements: UnsafeMutableBufferPointer<Element>) {
    unsafe self.init(elements.baseAddress!, count: elements.count)
  }

  /// The first of some elements that are only read.
  @inline(__always)
  init(constants: UnsafeBufferPointer<Element>) {
    unsafe self.init(
      UnsafeMutablePointer(mutating: constants.baseAddress!),
      Bounds(before: 0, after: constants.count, isConstant: true))
  }

  static func allocate(_ count: Int, repeating value: Element) -> Self {
    let address = UnsafeMutablePointer<Element>.allocate(capacity: count)
    unsafe address.initialize(repeating: value, count: count)
    return unsafe BoundedPointer(address, count: count)
  }

  /// Frees what `allocate` returned.
  func deallocate() { unsafe address.deallocate() }

  /// The same, read-only.
  var constants: Self {
    unsafe BoundedPointer(
      address,
      {
        var bounds = moved(by: 0)
        bounds.isConstant = true
        return bounds
      }())
  }

  /// A part of this block as a block of its own.
  @inline(__always)
  func part(from offset: Int, count: Int) -> Self {
    assert(contains(offset, count: count), "\(count) elements from \(offset) on lie outside their owner")
    return unsafe BoundedPointer(address + offset, Bounds(before: 0, after: count, isConstant: isConstant))
  }

  /// The same memory as elements of another type, of the same size or a fraction of it.
  @inline(__always)
  func rebound<Other: BitwiseCopyable>(to other: Other.Type) -> BoundedPointer<Other> {
    let scale = MemoryLayout<Element>.size / MemoryLayout<Other>.size
    return unsafe BoundedPointer<Other>(
      UnsafeMutableRawPointer(address).assumingMemoryBound(to: Other.self),
      BoundedPointer<Other>.Bounds(
        before: moved(by: 0).before * scale, after: moved(by: 0).after * scale, isConstant: isConstant))
  }
}

// MARK: Elements

extension BoundedPointer {
  @inline(__always)
  static func + (pointer: Self, offset: Int) -> Self {
    assert(pointer.contains(offset, count: 0), "an offset of \(offset) leaves its owner")
    return unsafe BoundedPointer(pointer.address + offset, pointer.moved(by: offset))
  }

  @inline(__always)
  static func - (pointer: Self, offset: Int) -> Self { pointer + -offset }

  @inline(__always)
  static func += (pointer: inout Self, offset: Int) { pointer = pointer + offset }

  subscript(index: Int) -> Element {
    @inline(__always)
    get {
      assert(contains(index, count: 1), "element \(index) lies outside its owner")
      return unsafe address[index]
    }
    @inline(__always)
    nonmutating set {
      assert(contains(index, count: 1) && !isConstant, "element \(index) lies outside its owner, or is constant")
      unsafe address[index] = newValue
    }
  }

  @inline(__always)
  func update(repeating value: Element, count: Int) {
    unsafe writing(count).update(repeating: value, count: count)
  }

  @inline(__always)
  func update(from source: Self, count: Int) {
    unsafe writing(count).update(from: source.reading(count), count: count)
  }
}

extension BoundedPointer {
  func update(from source: [Element]) {
    unsafe source.withUnsafeBufferPointer { source in
      guard let first = source.baseAddress else { return }
      unsafe writing(source.count).update(from: first, count: source.count)
    }
  }
}

// Unchecked: like a pointer, it does not know who writes when; the plan and the executor see to that.
extension BoundedPointer: @unchecked Sendable {}

// MARK: Kernels

extension BoundedPointer {
  /// The address, for a kernel that reads `count` elements.
  @inline(__always)
  func reading(_ count: Int) -> UnsafePointer<Element> { unsafe reading(0..<count, from: 0) }

  /// The address of an origin, for a kernel that reads a range of elements relative to it. The origin itself may lie
  /// outside.
  @inline(__always)
  func reading(_ elements: Range<Int>, from origin: Int) -> UnsafePointer<Element> {
    assert(
      contains(origin + elements.lowerBound, count: elements.count),
      "a kernel would read elements \(elements) from \(origin) on, outside their owner")
    return unsafe UnsafePointer(address + origin)
  }

  /// The address, for a kernel that writes `count` elements.
  @inline(__always)
  func writing(_ count: Int) -> UnsafeMutablePointer<Element> {
    assert(
      contains(0, count: count) && !isConstant,
      "a kernel would write \(count) elements outside their owner, or constants")
    return unsafe address
  }
}
