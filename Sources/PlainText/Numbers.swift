extension Double {
  /// With a fixed number of decimals: `2.50`.
  package func rounded(decimals: Int) -> String {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    // Above 2^53 there are no decimals to round, and an integer would soon overflow.
    guard isFinite, magnitude * scale < 0x1p53 else { return "\(self)" }
    let digits = String(Int((magnitude * scale).rounded()))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = self < 0 ? "-" : ""
    return decimals == 0 ? sign + padded : sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }
}

/// In units of 10^6 bytes: `22.9 MB`; fewer than 100,000 are counted.
package func megabytes(_ bytes: Int) -> String {
  let tenths = (bytes + 50_000) / 100_000
  return bytes < 100_000 ? "\(bytes) bytes" : "\(tenths / 10).\(tenths % 10) MB"
}

/// A whole number with a comma between each three digits.
package func grouped(_ number: Int) -> String {
  let digits = String(number.magnitude)
  let text = digits.enumerated().reduce(into: "") { text, digit in
    if digit.offset > 0, (digits.count - digit.offset) % 3 == 0 { text += "," }
    text.append(digit.element)
  }
  return number < 0 ? "-" + text : text
}
