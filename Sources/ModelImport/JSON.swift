/// A JSON value.
enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  /// A member of an object, or nil where there is none or this is no object.
  subscript(name: String) -> JSON? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  var string: String? { if case .string(let value) = self { value } else { nil } }
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var array: [JSON]? { if case .array(let values) = self { values } else { nil } }
  var number: Double? { if case .number(let value) = self { value } else { nil } }
  var isNull: Bool { self == .null }

  /// The number where it is whole and exact.
  var int: Int? {
    guard let number, number.magnitude <= 0x1p53, number == number.rounded() else { return nil }
    return Int(number)
  }
}

/// A parser of RFC 8259 with Python's additions `NaN`, `Infinity` and `-Infinity`.
///
/// Nesting deeper than 128 and objects with two members of one name are refused.
struct JSONParser {
  private let bytes: [UInt8]
  private var offset = 0

  static func parse(_ bytes: [UInt8]) throws(ImportError) -> JSON {
    var parser = JSONParser(bytes: bytes)
    let value = try parser.parseValue(depth: 0)
    parser.skipSpace()
    guard parser.offset == bytes.count else { throw parser.error("text after the value") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func error(_ reason: String) -> ImportError { .json(offset: offset, reason: reason) }

  private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || (0x09...0x0d).contains(byte) && byte != 0x0b && byte != 0x0c { offset += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func parseValue(depth: Int) throws(ImportError) -> JSON {
    guard depth < 128 else { throw error("nested more than 128 deep") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try parseObject(depth: depth)
    case UInt8(ascii: "["): return try parseArray(depth: depth)
    case UInt8(ascii: "\""): return .string(try parseString())
    default: return try parseWord()
    }
  }

  private mutating func parseObject(depth: Int) throws(ImportError) -> JSON {
    offset += 1
    var members: [String: JSON] = [:]
    skipSpace()
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("expected a member's name") }
      let name = try parseString()
      skipSpace()
      guard take(":") else { throw error("expected ':'") }
      let value = try parseValue(depth: depth + 1)
      guard members.updateValue(value, forKey: name) == nil else { throw error("two members named \"\(name)\"") }
      skipSpace()
    } while take(",")
    guard take("}") else { throw error("expected ',' or '}'") }
    return .object(members)
  }

  private mutating func parseArray(depth: Int) throws(ImportError) -> JSON {
    offset += 1
    var values: [JSON] = []
    skipSpace()
    if take("]") { return .array(values) }
    repeat {
      values.append(try parseValue(depth: depth + 1))
      skipSpace()
    } while take(",")
    guard take("]") else { throw error("expected ',' or ']'") }
    return .array(values)
  }

  /// A number or one of the named values.
  private mutating func parseWord() throws(ImportError) -> JSON {
    let start = offset
    while let byte = next, Self.isWordByte(byte) { offset += 1 }
    let word = String(decoding: bytes[start..<offset], as: UTF8.self)
    switch word {
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "NaN": return .number(.nan)
    case "Infinity": return .number(.infinity)
    case "-Infinity": return .number(-.infinity)
    default:
      let digits = word.first == "-" ? word.dropFirst() : word[...]
      // Swift reads more than JSON allows: hexadecimal, a sign or a point in front, names.
      guard digits.first?.isNumber == true, digits.allSatisfy({ "0123456789.eE+-".contains($0) }),
        let number = Double(word), number.isFinite
      else {
        offset = start
        throw error("expected a value")
      }
      return .number(number)
    }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  private mutating func parseString() throws(ImportError) -> String {
    offset += 1
    var text: [UInt8] = []
    while let byte = next {
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw error("a string that is not UTF-8") }
        return string
      case UInt8(ascii: "\\"): text += try parseEscape()
      case 0..<0x20: throw error("a control character in a string")
      default: text.append(byte)
      }
    }
    throw error("a string without an end")
  }

  private mutating func parseEscape() throws(ImportError) -> [UInt8] {
    guard let byte = next else { throw error("a string without an end") }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var code = UInt32(try parseHexadecimal())
      if (0xd800..<0xdc00).contains(code) {
        guard take("\\"), take("u") else { throw error("half of a surrogate pair") }
        let low = UInt32(try parseHexadecimal())
        guard (0xdc00..<0xe000).contains(low) else { throw error("half of a surrogate pair") }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
      return Array(String(scalar).utf8)
    default: throw error("an unknown escape in a string")
    }
  }

  private mutating func parseHexadecimal() throws(ImportError) -> UInt16 {
    let end = offset + 4
    guard end <= bytes.count, bytes[offset..<end].allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
      let value = UInt16(String(decoding: bytes[offset..<end], as: UTF8.self), radix: 16)
    else { throw error("expected four hexadecimal digits") }
    offset = end
    return value
  }
}
