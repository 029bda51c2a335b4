import PlainText

extension FileDescription {
  /// A line for each fact, and one for each type of weight.
  func text() -> String {
    var lines: [(name: String, text: String)] = [
      ("architecture", architecture),
      ("input", input.map(String.init).joined(separator: "x")),
      ("output", "\(output.map(String.init).joined(separator: "x")) \(outputKind)"),
      ("classes", kind.description),
      ("network", "\(nodes) nodes, \(parameters) parameters, \(multiplyAdds) multiply-adds"),
      ("file", "\(megabytes(fileBytes)), version \(version), \(profile)"),
    ]
    lines += weightLines()
    lines.append(("precision", precision))
    lines.append(("preprocessing", preprocessing.description))
    lines += assumptions.map { ("assumed", $0) }
    if !labels.isEmpty { lines.append(("labels", abridged(labels))) }
    if let sourceFile { lines.append(("source", sourceFile)) }
    if let sourceSHA256 { lines.append(("SHA-256", sourceSHA256)) }
    lines.append(("converter", converter))
    if let license { lines.append(("license", license)) }
    if let attribution { lines.append(("attribution", attribution)) }
    lines.append(("golden check", hasGoldenCheck ? "yes (--verify runs it)" : "none"))
    return factSheet(lines)
  }

  private func weightLines() -> [(name: String, text: String)] {
    let types = tensors.reduce(into: [String: (count: Int, stored: Int, bytes: Int)]()) { types, tensor in
      var total = types[tensor.type] ?? (0, 0, 0)
      total.count += 1
      total.stored += tensor.storedBytes
      total.bytes += tensor.bytes
      types[tensor.type] = total
    }
    return types.sorted { $0.key < $1.key }.map { type, total in
      (
        "weights",
        "\(total.count) tensors of \(type), \(megabytes(total.stored)) stored, \(megabytes(total.bytes)) inflated"
      )
    }
  }

  private func abridged(_ labels: [String]) -> String {
    let first = labels.prefix(8).joined(separator: ", ")
    return labels.count > 8 ? "\(labels.count): \(first), ..." : "\(labels.count): \(first)"
  }
}
