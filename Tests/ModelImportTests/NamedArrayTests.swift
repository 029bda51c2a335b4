import Files
import ModelGraph
import Testing

@testable import ModelImport

@Suite("A named array")
struct NamedArrayTests {
  private func array(_ type: NamedArray.ElementType, _ bytes: [UInt8], _ dimensions: [Int]) -> NamedArray {
    NamedArray(name: "a", dimensions: dimensions, elementType: type, contents: ByteContents(bytes: bytes))
  }

  @Test func `Gives numbers of every type as floats, doubles and integers`() throws {
    let cases: [(NamedArray.ElementType, [UInt8], Double)] = [
      (.float16, [0, 0x3e], 1.5), (.bfloat16, [0xc0, 0x3f], 1.5), (.float32, [0, 0, 0xc0, 0x3f], 1.5),
      (.float64, [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], 1.5), (.int8, [0xfe], -2), (.uint8, [0xfe], 254), (.bool, [7], 1),
      (.int16, [0xfe, 0xff], -2), (.uint16, [0xfe, 0xff], 65534), (.int32, [0xfe, 0xff, 0xff, 0xff], -2),
      (.uint32, [2, 0, 0, 0], 2), (.int64, [0xfe] + [UInt8](repeating: 0xff, count: 7), -2),
      (.uint64, [2, 0, 0, 0, 0, 0, 0, 0], 2),
    ]
    #expect(cases.count == NamedArray.ElementType.allCases.count)
    for (type, bytes, value) in cases {
      let array = array(type, bytes, [1])
      #expect(try array.values() == [Float(value)], "\(type)")
      #expect(try array.doubles() == [value], "\(type)")
      #expect(try array.tensor(named: "t", dimensions: [1]).values() == [Float(value)], "\(type)")
      if type != .bool, value == value.rounded() { #expect(try array.integers() == [Int(value)], "\(type)") }
    }
    #expect(try array(.float32, [0, 0, 0, 0], [1]).integers() == nil)
    #expect(try array(.uint64, [UInt8](repeating: 0xff, count: 8), [1]).integers() == nil)
  }

  @Test func `Moves its axes when its bytes are asked for`() throws {
    let values = (0..<24).map(Float.init)
    let array = NamedArray(name: "a", dimensions: [2, 3, 4], values: values)
    for axes in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [0, 2, 1], [2, 1, 0]] {
      let permuted = array.permuted(axes)
      let found = try permuted.values()
      let sides = axes.map { [2, 3, 4][$0] }
      #expect(permuted.dimensions == sides)
      for index in 0..<24 {
        let position = [index / (sides[1] * sides[2]), index / sides[2] % sides[1], index % sides[2]]
        var source = [0, 0, 0]
        for axis in 0..<3 { source[axes[axis]] = position[axis] }
        #expect(found[index] == Float(source[0] * 12 + source[1] * 4 + source[2]))
      }
    }
  }

  @Test func `Moves its axes in blocks, each by itself, which together are the whole`() throws {
    let values = (0..<7 * 700 * 300).map(Float.init)
    let bytes = unsafe values.withUnsafeBytes { unsafe [UInt8]($0) }
    let array = NamedArray(
      name: "a", dimensions: [7, 700, 300], elementType: .float32, contents: FileBytes(bytes))
    for axes in [[2, 0, 1], [1, 2, 0], [0, 2, 1]] {
      let contents = try array.permuted(axes).tensor(named: "t", dimensions: axes.map { [7, 700, 300][$0] }).contents
      #expect(contents.blockCount == 2)
      // Of values that each block would have to move first there is one block.
      let joined = try array.permuted(axes).reshaped(to: [7 * 700 * 300]).reshaped(to: [7 * 700, 300]).permuted([1, 0])
      #expect(try joined.tensor(named: "t", dimensions: joined.dimensions).contents.blockCount == 1)
      try unsafe contents.withBytes { whole in
        var end = 0
        for block in 0..<contents.blockCount {
          try unsafe contents.withBlock(block) { bytes, offset in
            #expect(offset == end)
            #expect(unsafe bytes.elementsEqual(whole[offset..<offset + bytes.count]))
            end = offset + bytes.count
          }
        }
        #expect(end == whole.count)
      }
    }
  }

  @Test func `Moves its axes once where they are moved several times, and parted between`() throws {
    let values = (0..<120).map(Float.init)
    let array = NamedArray(name: "a", dimensions: [2, 3, 20], values: values)
    for (first, next) in [([2, 0, 1], [1, 2, 0]), ([1, 0, 2], [2, 1, 0]), ([0, 2, 1], [0, 2, 1])] {
      let once = array.permuted(first)
      let twice = once.permuted(next)
      let copied = NamedArray(name: "c", dimensions: once.dimensions, values: try once.values())
      #expect(try twice.values() == copied.permuted(next).values())
      #expect(twice.dimensions == next.map { once.dimensions[$0] })
      #expect(!((twice.contents as? PermutedContents)?.base is PermutedContents))
    }
    #expect(!(array.permuted([0, 2, 1]).permuted([0, 2, 1]).contents is PermutedContents))
    let moved = array.permuted([2, 0, 1])
    for (parts, next) in [
      ([4, 5, 2, 3], [3, 1, 0, 2]), ([4, 1, 5, 2, 3], [4, 2, 0, 3, 1]), ([20, 6], [1, 0]), ([2, 10, 6], [2, 0, 1]),
      ([1, 20, 2, 3], [1, 0, 3, 2]), ([20, 2, 3, 1], [3, 1, 2, 0]),
    ] {
      let parted = try moved.reshaped(to: parts)
      let copied = NamedArray(name: "c", dimensions: parts, values: try moved.values())
      #expect(try parted.permuted(next).values() == copied.permuted(next).values(), "\(parts) \(next)")
      let isParted = (parted.permuted(next).contents as? PermutedContents).map { !($0.base is PermutedContents) }
      #expect(isParted == !parts.contains(6) || parts.last == 1, "\(parts)")
    }
  }

  @Test func `Finds values that are no numbers`() throws {
    let found = try NamedArray(name: "a", dimensions: [3], values: [1, 2, -.infinity]).firstNonFinite()
    #expect(found?.index == 2 && found?.value == -.infinity)
    #expect(try NamedArray(name: "a", dimensions: [2], values: [1, 2]).firstNonFinite() == nil)
    #expect(try array(.float16, [0, 0x7c], [1]).firstNonFinite()?.index == 0)
  }

  @Test func `Is refused where its bytes do not fit its dimensions`() {
    #expect(throws: ImportError.array(name: "a", reason: "has 3 bytes, expected 4")) {
      try array(.float32, [1, 2, 3], [1]).values()
    }
    #expect(throws: ImportError.self) { try array(.float32, [], [1 << 40, 1 << 40]).values() }
    #expect(throws: ImportError.array(name: "a", reason: "has the dimensions [2], expected [1]")) {
      try array(.int8, [1, 2], [2]).tensor(named: "t", dimensions: [1])
    }
  }
}
