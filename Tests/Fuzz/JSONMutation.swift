@testable import ModelImport

/// Changes one value of a JSON text; bytes changed at random leave hardly any text that is JSON still.
enum JSONMutation {
  private static let numbers: [Double] = [
    0, 1, 2, 3, 4, 5, 7, 8, 16, 127, 128, 255, 256, 4096, 4097, 65536, 0x1p30, 0x1p31, 0x1p32, 0x1p53, 0x1p63, 1e308,
    -1, -2, -0x1p63, 0.5, 1e-3, 1e-45, .nan, .infinity,
  ]

  /// Nil where the text is no JSON.
  static func mutated(_ text: [UInt8], _ random: inout FuzzRandom) -> [UInt8]? {
    guard var value = try? JSONParser.parse(text) else { return nil }
    var strings: [String] = []
    var count = 0
    survey(value, &count, &strings)
    for _ in 0...(random.chance(3) ? 2 : 0) {
      var place = random.below(count)
      change(&value, &place, strings, &random)
    }
    var output: [UInt8] = []
    write(value, to: &output)
    return output
  }

  private static func survey(_ value: JSON, _ count: inout Int, _ strings: inout [String]) {
    count += 1
    switch value {
    case .string(let text): strings.append(text)
    case .array(let values): for value in values { survey(value, &count, &strings) }
    case .object(let members):
      for (name, value) in members {
        strings.append(name)
        survey(value, &count, &strings)
      }
    default: break
    }
  }

  /// Changes the value that comes `place` values later; then `place` is -1.
  private static func change(_ value: inout JSON, _ place: inout Int, _ strings: [String], _ random: inout FuzzRandom) {
    place -= 1
    if place < 0 { return replace(&value, strings, &random) }
    switch value {
    case .array(var values):
      for index in values.indices where place >= 0 { change(&values[index], &place, strings, &random) }
      value = .array(values)
    case .object(var members):
      for name in members.keys.sorted() where place >= 0 { change(&members[name]!, &place, strings, &random) }
      value = .object(members)
    default: break
    }
  }

  private static func replace(_ value: inout JSON, _ strings: [String], _ random: inout FuzzRandom) {
    switch (value, random.below(4)) {
    case (.array(var values), 0...2) where !values.isEmpty:
      let index = random.below(values.count)
      switch random.below(3) {
      case 0: values.remove(at: index)
      case 1: values.insert(values[index], at: random.below(values.count + 1))
      default: values.swapAt(index, random.below(values.count))
      }
      value = .array(values)
    case (.object(var members), 0...2) where !members.isEmpty:
      let name = random.element(of: members.keys.sorted())
      if random.chance(2) { members[name] = nil } else { members[random.element(of: strings)] = members[name] }
      value = .object(members)
    case (.number(let number), 0...1): value = .number(number + Double(random.below(5) - 2))
    case (.number, _): value = .number(random.element(of: numbers))
    case (.bool(let flag), 0...1): value = .bool(!flag)
    case (.string, 0...2) where !strings.isEmpty: value = .string(random.element(of: strings))
    default: value = random.element(of: [.null, .number(3), .string("x"), .array([]), .object([:]), .bool(true)])
    }
  }

  static func write(_ value: JSON, to output: inout [UInt8]) {
    switch value {
    case .null: output += Array("null".utf8)
    case .bool(let flag): output += Array((flag ? "true" : "false").utf8)
    case .number(let number):
      let text =
        number.isNaN
        ? "NaN"
        : number.isInfinite
          ? (number < 0 ? "-Infinity" : "Infinity")
          : Int(exactly: number).map(String.init) ?? "\(number)"
      output += Array(text.utf8)
    case .string(let text): write(text, to: &output)
    case .array(let values):
      output.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        write(value, to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      for (index, name) in members.keys.sorted().enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        write(name, to: &output)
        output.append(UInt8(ascii: ":"))
        write(members[name]!, to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ text: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        output += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
