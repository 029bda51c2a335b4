import ModelGraph

/// Layers that move, cut or join values.
extension KerasTranslator {
  /// A map with channels first is flattened in another order, which the kernel of a dense layer follows.
  mutating func flatten(_ site: Site) throws(ImportError) -> Value {
    let input = try site.input()
    let shape = shape(of: input)
    guard case .map = shape else { return input }
    var flat = try append(.flatten, [input], at: site)
    flat.lacksChannels = false
    if isChannelsFirst, site.layer.config["data_format"]?.string != "channels_first", !keepsOrder(shape) {
      flat.unexpressed = .channelsFirst(shape)
    }
    return flat
  }

  mutating func reshape(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    guard var sides = try site.targetShape() else { throw layer.unexpected("target_shape", "a list of whole numbers") }
    let count = shape(of: input).elementCount
    if let open = sides.firstIndex(of: -1) {
      let rest = Limits.elementCount(of: sides.filter { $0 != -1 }) ?? 0
      guard rest > 0, count % rest == 0, sides.filter({ $0 == -1 }).count == 1 else {
        throw layer.unexpected("target_shape", "one that \(count) values fit")
      }
      sides[open] = count / rest
    }
    if isChannelsFirst, sides.count == 3 { sides = [sides[1], sides[2], sides[0]] }
    guard let target = Shape(dimensions: sides) else {
      throw layer.error("Reshape to \(sides), expected a vector or a map of height x width x channels")
    }
    guard !isChannelsFirst || keepsOrder(shape(of: input)) && keepsOrder(target) else {
      throw layer.error("Reshape of a map with channels first cannot be expressed")
    }
    var result = input
    if target != shape(of: input) || !input.isPlain { result = try append(.reshape(target), [input], at: site) }
    result.lacksChannels = false
    return result
  }

  /// Whether channels first and channels last are the same order.
  private func keepsOrder(_ shape: Shape) -> Bool {
    guard case .map(let height, let width, let channels) = shape else { return true }
    return channels == 1 || height * width == 1
  }

  /// Only where no value moves in memory: axes of one position may move.
  mutating func permute(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    let sides = shape(of: input).dimensions
    guard !isChannelsFirst, let order = layer.config["dims"]?.shape?.compactMap(\.self),
      order.sorted() == Array(1...sides.count)
    else { throw layer.unexpected("dims", "each axis of \(sides) once") }
    let moving = order.filter { sides[$0 - 1] != 1 }
    guard moving == moving.sorted(), let target = Shape(dimensions: order.map { sides[$0 - 1] }) else {
      throw layer.error("Permute changes the order of values, which cannot be expressed")
    }
    return try append(.reshape(target), [input], at: site)
  }

  mutating func cropping(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    let border = try layer.border("cropping")
    guard case .map(let height, let width, let channels) = shape(of: input) else {
      throw layer.error("Cropping2D of a vector")
    }
    let slice = Slice(
      rows: .init(first: border.top, count: height - border.top - border.bottom),
      columns: .init(first: border.left, count: width - border.left - border.right),
      channels: .init(first: 0, count: channels))
    return try append(.slice(slice), [input], at: site)
  }

  mutating func concatenation(_ site: Site) throws(ImportError) -> Value {
    let values = try site.values()
    if let first = values.first { try requireChannelAxis(of: first, site.layer) }
    for value in values { try requireChannels(of: value, site.layer) }
    return try append(.concatenate, values, at: site)
  }

  /// `x[..., c]`, and ranges of rows, columns and channels.
  mutating func subscripted(_ site: Site) throws(ImportError) -> Value {
    guard case .value(let input)? = site.operands.first else { throw site.layer.error("of no tensor") }
    try requireChannels(of: input, site.layer)
    let specification = site.operands.dropFirst().first ?? site.keywords["slice_spec"]
    guard case .numbers(let json)? = specification,
      let axes = SliceSpecification(json, rank: shape(of: input).dimensions.count + 1)
    else { throw site.layer.error("its slices are of an unknown form") }
    guard !isChannelsFirst, input.isPlain else { throw site.layer.error("a slice that cannot be expressed") }
    guard axes.axes.first == .all else { throw site.layer.error("a slice of the batch") }
    var sides: [Slice.Axis] = []
    for (axis, count) in zip(axes.axes.dropFirst(), shape(of: input).dimensions) {
      switch axis {
      case .all: sides.append(.init(first: 0, count: count))
      case .range(let start, let stop):
        let (first, end) = (start.clampedIndex(of: count), stop.map { $0.clampedIndex(of: count) } ?? count)
        sides.append(.init(first: first, count: end - first))
      case .reversed:
        guard sides.count == shape(of: input).dimensions.count - 1,
          sides.elementsEqual(shape(of: input).dimensions.dropLast(), by: { $0.count == $1 })
        else { throw site.layer.error("a reversed slice of more than the channels") }
        return try reversedChannels(input, at: site)
      case .index(let index):
        guard sides.count == shape(of: input).dimensions.count - 1, sides.count == 2,
          sides.elementsEqual(shape(of: input).dimensions.dropLast(), by: { $0.count == $1 }),
          (-count..<count).contains(index)
        else { throw site.layer.error("takes single rows or columns, which cannot be expressed") }
        var value = input
        value.channel = index < 0 ? index + count : index
        value.lacksChannels = true
        return value
      }
    }
    guard sides.count == 3 || sides.count == 1 else { throw site.layer.error("a slice that cannot be expressed") }
    let whole = Slice.Axis(first: 0, count: 1)
    let slice =
      sides.count == 3
      ? Slice(rows: sides[0], columns: sides[1], channels: sides[2])
      : Slice(rows: whole, columns: whole, channels: sides[0])
    return try append(.slice(slice), [input], at: site)
  }

  /// Channels that were taken out and are put together again in some order.
  mutating func stack(_ site: Site) throws(ImportError) -> Value {
    let values = try site.values()
    let axis = site.layer.config["axis"]?.int
    let channels = values.compactMap(\.channel)
    guard axis == -1 || axis == 3, channels.count == values.count, let first = values.first else {
      throw site.layer.error("Stack of anything but channels, along the last axis, cannot be expressed")
    }
    var whole = first
    whole.channel = nil
    whole.lacksChannels = false
    let all = Array(0..<shape(of: whole).channels)
    if values.allSatisfy({ $0.node == first.node && $0.scaling == first.scaling && $0.border == first.border }) {
      if channels == all { return whole }
      if channels == all.reversed() { return try reversedChannels(whole, at: site) }
    }
    var result = try append(.concatenate, values, at: site)
    result.lacksChannels = false
    return result
  }
}

/// `x[:, 1:5, ..., ::-1]` as Keras writes it down.
private struct SliceSpecification {
  enum Axis: Equatable {
    case all
    case range(start: Int, stop: Int?)
    case reversed
    case index(Int)
  }

  var axes: [Axis] = []

  init?(_ json: JSON, rank: Int) {
    let list = json.array ?? [json]
    guard list.count <= rank + 1 else { return nil }
    let ellipses = list.count { $0["class_name"]?.string == "__ellipsis__" }
    for element in list {
      if element["class_name"]?.string == "__ellipsis__" {
        guard ellipses == 1 else { return nil }
        axes += Array(repeating: .all, count: rank - (list.count - 1))
      } else if let index = element.int {
        axes.append(.index(index))
      } else {
        // Keras 3 has an object of class `__slice__`, Keras 2 one of the three numbers.
        let parts = element["config"] ?? element
        guard let start = parts["start"], let stop = parts["stop"], let step = parts["step"] else { return nil }
        guard start.isNull || start.int != nil, stop.isNull || stop.int != nil else { return nil }
        switch step.isNull ? 1 : step.int {
        case 1 where start.isNull && stop.isNull: axes.append(.all)
        case 1: axes.append(.range(start: start.int ?? 0, stop: stop.int))
        case -1 where start.isNull && stop.isNull: axes.append(.reversed)
        default: return nil
        }
      }
    }
    guard axes.count <= rank else { return nil }
    axes += Array(repeating: .all, count: rank - axes.count)
  }
}

extension Int {
  /// Counted from the end where negative, as in Python, and within the axis.
  fileprivate func clampedIndex(of count: Int) -> Int { Swift.min(Swift.max(self < 0 ? self + count : self, 0), count) }
}

extension KerasTranslator.Site {
  /// Without the batch, which the function has first.
  fileprivate func targetShape() throws(ImportError) -> [Int]? {
    if let target = layer.config["target_shape"]?.shape { return target.compactMap(\.self) }
    guard let whole = option("newshape", "shape")?.array, let batch = whole.first else { return nil }
    guard batch.isNull || batch.int == -1 else {
      throw layer.error("a shape whose batch is \(batch.text), expected -1")
    }
    let sides = whole.dropFirst().compactMap(\.int)
    return sides.count == whole.count - 1 ? sides : nil
  }

  /// All that it reads, which must be values.
  func values() throws(ImportError) -> [KerasTranslator.Value] {
    let values = operands.compactMap { if case .value(let value) = $0 { value } else { nil } }
    guard values.count == operands.count, !values.isEmpty else {
      throw layer.error("\(layer.className) of something that is not a tensor")
    }
    return values
  }
}
