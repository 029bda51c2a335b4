#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The terminal that standard output or standard error may be.
package enum Terminal {
  /// How wide it is; nil where standard output is no terminal.
  package static var columns: Int? { columns(of: 1) }

  /// How wide the terminal of a descriptor is; nil where it is none.
  static func columns(of descriptor: CInt) -> Int? {
    guard isatty(descriptor) != 0 else { return nil }
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Whether it shows more than ASCII, as the environment says.
  package static var isUTF8: Bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.map(variable).first { !$0.isEmpty } ?? ""
    return locale.lowercased().contains("utf-8") || locale.lowercased().contains("utf8")
  }

  private static func variable(_ name: String) -> String {
    unsafe getenv(name).map { unsafe String(cString: $0) } ?? ""
  }

  /// How many columns text takes: two for a character of East Asian width or a picture, one for others.
  package static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

  /// Text that takes no more than so many columns, with three dots where something was cut off.
  package static func cut(_ text: String, to columns: Int) -> String {
    guard width(text) > columns else { return text }
    var (kept, used) = ("", 0)
    for character in text {
      used += width(character)
      if used > columns - 3 { break }
      kept.append(character)
    }
    return String((kept + "...").suffix(max(columns, 0)))
  }

  /// Text that takes no more than so many columns, with dots where its beginning was cut off.
  package static func cutStart(of text: String, to columns: Int) -> String {
    guard width(text) > columns else { return text }
    let dots = isUTF8 ? "\u{2026}" : "..."
    var (kept, used) = ([Character](), dots.count)
    for character in text.reversed() {
      used += width(character)
      if used > columns { break }
      kept.append(character)
    }
    return String((dots + String(kept.reversed())).suffix(max(columns, 0)))
  }

  private static func width(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    return switch scalar.value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
      0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1faff, 0x20000...0x3fffd:
      2
    default: 1
    }
  }
}
