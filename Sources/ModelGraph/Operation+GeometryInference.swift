extension GlobalPool {
  func pooled(_ input: Shape) throws(InferenceError) -> Shape {
    let channels = try input.requireMap().channels
    return keepsDimensions ? .map(height: 1, width: 1, channels: channels) : .vector(channels)
  }
}

extension Binary {
  func infer(_ first: Shape, _ second: Shape) throws(InferenceError) -> Shape {
    guard let shape = broadcast(first, second) else {
      throw InferenceError(reason: "\(rawValue) of \(first) and \(second), which cannot be repeated to one shape")
    }
    return shape
  }
}

extension Shape {
  func reshaped(from input: Shape) throws(InferenceError) -> Shape {
    guard let count = checkedElementCount, count == input.elementCount else {
      throw InferenceError(reason: "reshapes \(input), \(input.elementCount) values, to \(self)")
    }
    return self
  }

  func requireShuffle(_ groups: Int) throws(InferenceError) -> Shape {
    guard groups > 0, channels % groups == 0 else {
      throw InferenceError(reason: "\(groups) groups do not divide \(channels) channels")
    }
    return self
  }
}

extension LayerNormalization {
  func infer(_ input: Shape) throws(InferenceError) -> Inference {
    guard epsilon.isFinite, epsilon >= 0 else {
      throw InferenceError(reason: "epsilon is \(epsilon), expected 0 or a positive number")
    }
    let roles: [ParameterRole] = (hasGamma ? [.gamma] : []) + (hasBeta ? [.beta] : [])
    return Inference(shape: input, parameters: roles.map { ($0, [input.channels]) })
  }
}

extension Pad {
  func padded(_ input: Shape) throws(InferenceError) -> Shape {
    let (extent, channels) = try input.requireMap()
    guard [top, left, bottom, right].allSatisfy({ (0...Limits.window).contains($0) }) else {
      throw InferenceError(reason: "pads by \(top), \(left), \(bottom), \(right), expected 0 to \(Limits.window) each")
    }
    guard value.isFinite else { throw InferenceError(reason: "pads with \(value), expected a finite number") }
    return .map(height: extent.height + top + bottom, width: extent.width + left + right, channels: channels)
  }
}

extension Slice {
  func sliced(_ input: Shape) throws(InferenceError) -> Shape {
    guard case .map(let height, let width, let depth) = input.asMap else { return input }
    for (axis, count, name) in [(rows, height, "rows"), (columns, width, "columns"), (channels, depth, "channels")] {
      guard axis.first >= 0, axis.count > 0, axis.first < count, axis.count <= count - axis.first else {
        throw InferenceError(reason: "keeps \(axis.count) \(name) from \(axis.first) on, of \(count)")
      }
    }
    if case .vector = input { return .vector(channels.count) }
    return .map(height: rows.count, width: columns.count, channels: channels.count)
  }
}

extension Resize {
  func resized(_ input: Shape) throws(InferenceError) -> Shape {
    let (extent, channels) = try input.requireMap()
    let sides =
      switch target {
      case .factor(let factor), .size(let factor): factor
      }
    guard (1...Limits.elements).contains(sides.height), (1...Limits.elements).contains(sides.width) else {
      throw InferenceError(reason: "resizes to \(sides), expected 1 to \(Limits.elements) a side")
    }
    if case .size = target { return .map(height: sides.height, width: sides.width, channels: channels) }
    // Both factors are at most 2^30, so no product overflows; the caller checks the number of values.
    return .map(height: extent.height * sides.height, width: extent.width * sides.width, channels: channels)
  }
}

extension TransposedConvolution {
  func infer(_ input: Shape) throws(InferenceError) -> Inference {
    let (extent, channels) = try input.requireMap()
    guard (1...Limits.elements).contains(outputChannels) else {
      throw InferenceError(reason: "\(outputChannels) output channels, expected 1 to \(Limits.elements)")
    }
    let positive = [size.height, size.width, stride.height, stride.width, dilation.height, dilation.width]
    let others = [padding.top, padding.left, padding.bottom, padding.right, extra.height, extra.width]
    guard positive.allSatisfy({ (1...Limits.window).contains($0) }),
      others.allSatisfy({ (0...Limits.window).contains($0) })
    else { throw InferenceError(reason: "a window of \(size), stride \(stride), dilation \(dilation) is out of range") }
    let height =
      (extent.height - 1) * stride.height + (size.height - 1) * dilation.height + 1 - padding.top - padding.bottom
      + extra.height
    let width =
      (extent.width - 1) * stride.width + (size.width - 1) * dilation.width + 1 - padding.left - padding.right
      + extra.width
    guard height > 0, width > 0 else { throw InferenceError(reason: "its padding leaves nothing of the output") }
    return Inference(
      shape: .map(height: height, width: width, channels: outputChannels),
      parameters: [(.kernel, [size.height, size.width, channels, outputChannels])]
        + (hasBias ? [(.bias, [outputChannels])] : []))
  }
}
