import ModelGraph
import Optimizer

@testable import HDF5
@testable import ModelImport

/// A whole ONNX file.
struct ONNXTarget: FuzzTarget {
  func run(_ bytes: UnsafeBufferPointer<UInt8>) -> FuzzOutcome {
    let file = unsafe ForeignFile(path: "", bytes: [UInt8](bytes))
    var options = ImportOptions()
    // Enough for every fixture, and little enough that a shape in the file cannot slow the search down.
    options.limits.parameters = 1 << 16
    do throws(ImportError) {
      let graph = try ONNXReader.read(file, options: options, progress: { _, _ in }).graph
      if graph.multiplyAdds < 1 << 20 { _ = try? Optimizer.optimize(graph) }
      return .accepted
    } catch {
      return .refused
    }
  }

  func mutated(_ bytes: [UInt8], _ random: inout FuzzRandom) -> [UInt8]? { ProtobufMutation.mutated(bytes, &random) }
}

/// Changes one field of a message of Protocol Buffers and the lengths of the messages around it.
enum ProtobufMutation {
  private struct Field {
    var key: UInt64
    var number: UInt64 = 0
    var contents: [UInt8] = []
  }

  private static let numbers: [UInt64] = [
    0, 1, 2, 3, 4, 7, 8, 10, 11, 13, 16, 127, 128, 255, 256, 4096, 65536, 1 << 30, 1 << 31, 1 << 32, 1 << 62, 1 << 63,
    .max, .max - 1,
  ]

  static func mutated(_ message: [UInt8], _ random: inout FuzzRandom) -> [UInt8]? {
    guard var fields = fields(of: message), !fields.isEmpty else { return nil }
    let index = random.below(fields.count)
    let wire = fields[index].key & 7
    switch (wire, random.below(12)) {
    case (_, 0): fields.remove(at: index)
    case (_, 1): fields.insert(fields[index], at: random.below(fields.count + 1))
    case (_, 2): fields.swapAt(index, random.below(fields.count))
    case (_, 3): fields[index].key = UInt64(1 + random.below(24)) << 3 | wire
    case (0, 4...7): fields[index].number = fields[index].number &+ UInt64(random.below(5)) &- 2
    case (0, _): fields[index].number = random.element(of: numbers)
    case (2, 4...10):
      // A text or packed numbers may look like a message, too.
      if let inner = mutated(fields[index].contents, &random) {
        fields[index].contents = inner
      } else {
        fields[index].contents = mutatedPart(fields[index].contents)
      }
    default: fields[index].contents = mutatedPart(fields[index].contents)
    }
    return fields.flatMap { encoded($0) }
  }

  private static func fields(of message: [UInt8]) -> [Field]? {
    var fields: [Field] = []
    var offset = 0
    func varint() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) where offset < message.count {
        value |= UInt64(message[offset] & 0x7f) << shift
        offset += 1
        if message[offset - 1] < 0x80 { return value }
      }
      return nil
    }
    while offset < message.count {
      guard let key = varint(), key >> 3 != 0, key >> 3 < 1 << 10 else { return nil }
      var field = Field(key: key)
      var length = 0
      switch key & 7 {
      case 0:
        guard let number = varint() else { return nil }
        field.number = number
      case 1: length = 8
      case 5: length = 4
      case 2:
        guard let count = varint(), count <= UInt64(message.count - offset) else { return nil }
        length = Int(count)
      default: return nil
      }
      guard length <= message.count - offset else { return nil }
      field.contents = Array(message[offset..<offset + length])
      offset += length
      fields.append(field)
    }
    return fields
  }

  private static func encoded(_ field: Field) -> [UInt8] {
    switch field.key & 7 {
    case 0: varint(field.key) + varint(field.number)
    case 1: varint(field.key) + (field.contents + [UInt8](repeating: 0, count: 8)).prefix(8)
    case 5: varint(field.key) + (field.contents + [UInt8](repeating: 0, count: 4)).prefix(4)
    default: varint(field.key) + varint(UInt64(field.contents.count)) + field.contents
    }
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var (rest, bytes) = (value, [UInt8]())
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
