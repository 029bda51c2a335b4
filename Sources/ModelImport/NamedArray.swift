import ModelGraph

/// An array of numbers in a foreign file: its bytes stay there until they are asked for.
package struct NamedArray: Sendable {
  package enum ElementType: String, Hashable, Sendable, CaseIterable {
    case float16, bfloat16, float32, float64
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case bool

    package var byteCount: Int {
      switch self {
      case .int8, .uint8, .bool: 1
      case .float16, .bfloat16, .int16, .uint16: 2
      case .float32, .int32, .uint32: 4
      case .float64, .int64, .uint64: 8
      }
    }
  }

  /// As the file names it, for messages.
  package var name: String
  /// Empty for a scalar.
  package var dimensions: [Int]
  package var elementType: ElementType
  /// Little-endian, the last dimension fastest.
  package var contents: any TensorContents

  package init(name: String, dimensions: [Int], elementType: ElementType, contents: any TensorContents) {
    self.name = name
    self.dimensions = dimensions
    self.elementType = elementType
    self.contents = contents
  }

  /// An array that was computed.
  package init(name: String, dimensions: [Int], values: [Float]) {
    let contents = Tensor(name: name, dimensions: dimensions, values: values).contents
    self.init(name: name, dimensions: dimensions, elementType: .float32, contents: contents)
  }

  /// The number of its values, or nil where that is 0 or above the limit of a tensor.
  package var count: Int? { Limits.elementCount(of: dimensions) }

  /// All values, rounded to 32-bit floats.
  package func values() throws(ImportError) -> [Float] {
    try unsafe withBytes { bytes, count in unsafe elementType.floats(bytes, count: count) }
  }

  /// All values in double precision.
  package func doubles() throws(ImportError) -> [Double] {
    try unsafe withBytes { bytes, count in unsafe elementType.doubles(bytes, count: count) }
  }

  /// All values of an array of integers, or nil where it is none or one does not fit.
  package func integers() throws(ImportError) -> [Int]? {
    switch elementType {
    case .float16, .bfloat16, .float32, .float64: return nil
    default:
      let integers = try unsafe withBytes { bytes, count in unsafe elementType.integers(bytes, count: count) }
      let exact = integers.compactMap(\.self)
      return exact.count == integers.count ? exact : nil
    }
  }

  /// The same values with other dimensions, whose product must be the same.
  package func reshaped(to dimensions: [Int]) throws(ImportError) -> NamedArray {
    guard let count, count == Limits.elementCount(of: dimensions) else {
      throw error("has the dimensions \(self.dimensions), which cannot become \(dimensions)")
    }
    var array = self
    array.dimensions = dimensions
    if let split = (contents as? PermutedContents)?.split(into: dimensions) { array.contents = split }
    return array
  }

  /// Axis `i` of the result is axis `axes[i]`; the bytes change places when they are asked for, once for several permutations in
  /// a row.
  ///
  /// - Precondition: `axes` has each axis once.
  package func permuted(_ axes: [Int]) -> NamedArray {
    precondition(axes.sorted() == Array(dimensions.indices))
    if axes == Array(dimensions.indices) { return self }
    var array = self
    array.dimensions = axes.map { dimensions[$0] }
    if let first = contents as? PermutedContents, first.permutedDimensions == dimensions {
      array.contents = first.permuted(axes)
    } else {
      array.contents = PermutedContents(
        base: contents, dimensions: dimensions, axes: axes, elementSize: elementType.byteCount)
    }
    return array
  }

  /// A tensor of the graph: 32-bit floats whatever the file has, read when they are asked for.
  ///
  /// - Throws: Where the dimensions are not those that the graph expects.
  package func tensor(named tensorName: String, dimensions expected: [Int]) throws(ImportError) -> Tensor {
    guard dimensions == expected, count != nil else {
      throw error("has the dimensions \(dimensions), expected \(expected)")
    }
    let floats: any TensorContents =
      elementType == .float32 ? contents : FloatsOfContents(base: contents, elementType: elementType)
    return Tensor(name: tensorName, dimensions: expected, elementType: .float32, contents: floats)
  }

  /// A value that is NaN or infinite, with its index in the file's order: nothing is permuted for the question.
  package func firstNonFinite() throws(ImportError) -> (index: Int, value: Float)? {
    if let permuted = contents as? PermutedContents {
      return try NamedArray(
        name: name, dimensions: permuted.dimensions, elementType: elementType, contents: permuted.base
      ).firstNonFinite()
    }
    return try unsafe withBytes { bytes, count in unsafe elementType.firstNonFinite(bytes, count: count) }
  }

  func error(_ reason: String) -> ImportError { .array(name: name, reason: reason) }

  private func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer, _ count: Int) throws -> Result
  ) throws(ImportError) -> Result {
    let count = dimensions.contains(0) ? 0 : self.count
    guard let count else { throw error("its dimensions \(dimensions) exceed \(Limits.elements) values") }
    if count == 0 {
      do { return try unsafe body(UnsafeRawBufferPointer(start: nil, count: 0), 0) } catch {
        throw self.error("\(error)")
      }
    }
    do {
      return try unsafe contents.withBytes { bytes in
        let expected = count * elementType.byteCount
        guard bytes.count == expected else { throw self.error("has \(bytes.count) bytes, expected \(expected)") }
        return try unsafe body(bytes, count)
      }
    } catch let error as ImportError {
      throw error
    } catch {
      throw self.error("\(error)")
    }
  }
}
