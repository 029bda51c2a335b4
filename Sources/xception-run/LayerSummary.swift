import PlainText
import Xception

/// What `--output-layer` tells of a layer's values.
struct LayerSummary {
  let layer: Layer
  let values: [Float]

  /// `block14_sepconv2_act, 10x10x2048: 0 to 7.31, mean 0.21, deviation 0.52, 71.3 % zeros`
  var text: String {
    let shape = layer.shape.map(String.init).joined(separator: "x")
    let finite = values.filter(\.isFinite)
    guard let smallest = finite.min(), let largest = finite.max() else {
      return "\(layer.name.printable), \(shape): not finite"
    }
    let mean = finite.reduce(0) { $0 + Double($1) } / Double(finite.count)
    let variance = finite.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(finite.count)
    let zeros = Double(values.count { $0 == 0 }) / Double(values.count)
    var parts = [
      "\(digits(smallest)) to \(digits(largest))", "mean \(digits(Float(mean)))",
      "deviation \(digits(Float(variance.squareRoot())))",
    ]
    if zeros > 0 { parts.append("\((100 * zeros).rounded(decimals: 1)) % zeros") }
    if finite.count < values.count { parts.append("\(grouped(values.count - finite.count)) not finite") }
    return "\(layer.name.printable), \(shape): " + parts.joined(separator: ", ")
  }

  /// An object of JSON.
  struct Object: Encodable {
    var image: String
    var layer: String
    /// Height, width and channels of a map, or the count of a vector.
    var shape: [Int]
    /// Rows from the top, the channels of a position beside each other; null for what is not finite.
    var values: [Float?]
  }

  func object(of image: String) -> Object {
    Object(image: image, layer: layer.name, shape: layer.shape, values: values.map { $0.isFinite ? $0 : nil })
  }

  /// With four digits.
  private func digits(_ value: Float) -> String {
    guard value != 0 else { return "0" }
    var (decimals, size) = (3, value.magnitude)
    while size < 1, decimals < 9 { (decimals, size) = (decimals + 1, size * 10) }
    while size >= 10, decimals > 0 { (decimals, size) = (decimals - 1, size / 10) }
    return Double(value).rounded(decimals: decimals)
  }
}
