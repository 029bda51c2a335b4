import CountedKernels
import Glibc
import Kernels

/// Memory that ends at a page which cannot be touched: who reads or writes behind it ends the program.
final class GuardedFloats {
  private let mapping: UnsafeMutableRawPointer
  private let byteCount: Int
  let start: UnsafeMutablePointer<Float>
  let count: Int

  init(_ values: [Float]) {
    let page = 65_536
    count = values.count
    byteCount = (4 * count + page - 1) / page * page + page
    let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, Int(bitPattern: memory) != -1, mprotect(memory + (byteCount - page), page, PROT_NONE) == 0 else {
      preconditionFailure("no memory")
    }
    mapping = memory
    start = (memory + (byteCount - page - 4 * count)).assumingMemoryBound(to: Float.self)
    start.initialize(from: values, count: count)
  }

  convenience init(count: Int) { self.init([Float](repeating: -77, count: count)) }

  deinit { munmap(mapping, byteCount) }

  var values: [Float] { Array(UnsafeBufferPointer(start: start, count: count)) }
}

/// A copy that stays where it is: what describes a kernel's work holds pointers only. The checks are over before it is much.
func kept<Element>(_ values: [Element]) -> UnsafePointer<Element> {
  let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(1, values.count))
  memory.initialize(from: values, count: values.count)
  return UnsafePointer(memory)
}

/// Rows of pixels whose values bf16 has, as floats and as packed words.
struct MapRows {
  /// Of a pixel.
  let channels: Int
  let rowPixels: Int
  let count: Int
  let values: [Float]
  private let floats: GuardedFloats
  private let words: GuardedFloats

  /// - Parameters:
  ///   - odd: A value that a few of the others are replaced by.
  ///   - used: The channels of a pixel that are not padding, which is zeros; all unless given.
  init(rows: Int, pixels: Int, panels: Int, _ random: inout RandomValues, odd: Float? = nil, used: Int? = nil) {
    channels = panels * CountedKernels.panelWidth
    rowPixels = pixels
    count = rows
    var values = random.representable(rows * pixels * channels)
    if let odd {
      for _ in 0..<3 { values[random.count(0...values.count - 1)] = odd }
    }
    if let used {
      for index in values.indices where index % channels >= used { values[index] = 0 }
    }
    self.values = values
    floats = GuardedFloats(values)
    words = GuardedFloats(PackedLayout(width: CountedKernels.vectorWidth).words(values))
  }

  subscript(row: Int, pixel: Int, channel: Int) -> Double {
    Double(values[(row * rowPixels + pixel) * channels + channel])
  }

  func stride(_ element: MapElementType) -> Int { element == .float32 ? channels : channels / 2 }

  func pointers(_ element: MapElementType) -> [UnsafePointer<Float>] {
    let start = element == .float32 ? floats.start : words.start
    return (0..<count).map { UnsafePointer(start + $0 * rowPixels * stride(element)) }
  }
}

extension PackedLayout {
  /// Each rounded to what packed words hold.
  static func rounded(_ values: [Float]) -> [Float] {
    values.map { Float(bitPattern: UInt32(rounded($0)) << 16) }
  }
}
