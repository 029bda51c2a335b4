/// How the widths of a scaled network become whole.
enum ChannelRounding {
  /// The nearest multiple of 8, at least 8; with `keeps90Percent`, the next one up where it is less than 90 percent.
  static func toEight(_ width: Double, keeps90Percent: Bool = true) -> Int {
    let rounded = max(8, Int(width + 4) / 8 * 8)
    return keeps90Percent && Double(rounded) < 0.9 * width ? rounded + 8 : rounded
  }

  /// The factors of width of which all widths are in a file: thousandths up to 4, one for each result.
  static func factors(_ widths: Set<Int>, of scaled: (_ factor: Double) -> [Int]) -> [Double] {
    var seen: Set<[Int]> = []
    return (1...4000).map { Double($0) / 1000 }.filter { factor in
      let result = scaled(factor)
      return widths.isSuperset(of: result) && seen.insert(result).inserted
    }
  }
}
