import ModelGraph

/// Layers and functions that resize maps.
extension KerasTranslator {
  mutating func upsampling(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    let factor = try layer.extent("size", default: Extent(2))
    guard case .map(let height, let width, _) = shape(of: input), (1...Limits.window).contains(factor.height),
      (1...Limits.window).contains(factor.width)
    else { throw layer.unexpected("size", "factors of a map's height and width") }
    return try resized(input, to: Extent(height: height * factor.height, width: width * factor.width), at: site)
  }

  mutating func resizing(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    try requireChannels(of: input, layer)
    let size = try site.size()
    if input.unexpressed == .anySize { return try sized(input, to: size, at: site) }
    guard case .map(let height, let width, _) = shape(of: input) else { throw layer.error("Resizing of a vector") }
    if input.isPlain, size == Extent(height: height, width: width) { return input }
    return try resized(
      try withProportions(of: size, input, Extent(height: height, width: width), at: site), to: size, at: site)
  }

  /// A map in another size, by the filter that a layer or a function names.
  private mutating func resized(_ input: Value, to size: Extent, at site: Site) throws(ImportError) -> Value {
    guard case .map(let height, let width, _) = shape(of: input) else {
      throw site.layer.error("\(site.layer.className) of a vector")
    }
    let standard = site.layer.className == "UpSampling2D" ? "nearest" : "bilinear"
    let name = site.option("interpolation", "method")?.string?.lowercased() ?? standard
    if name == "area" { return try averaged(input, Extent(height: height, width: width), to: size, at: site) }
    guard let filter = Resize.Filter(rawValue: name) else {
      throw site.layer.error(
        "its interpolation is \"\(name.prefix(60))\", expected nearest, bilinear, bicubic, lanczos3, lanczos5 or area")
    }
    // Without shrinking, a filter widens nowhere; the cubic one's weights come from a table only without antialias.
    let shrinks = size.height < height || size.width < width
    guard site.option("antialias")?.bool != true || filter == .nearest || filter != .bicubic && !shrinks else {
      throw site.layer.error("a \(name) resizing with antialias cannot be expressed inside a network")
    }
    let isWhole = size.height % height == 0 && size.width % width == 0
    let target: Resize.Target =
      isWhole ? .factor(Extent(height: size.height / height, width: size.width / width)) : .size(size)
    return try append(.resize(Resize(target, filter: filter)), [input], at: site)
  }

  /// TensorFlow's "area", where each new position is the mean of whole ones or a part of one.
  private mutating func averaged(
    _ input: Value, _ extent: Extent, to size: Extent, at site: Site
  ) throws(ImportError) -> Value {
    if extent.height % size.height == 0, extent.width % size.width == 0 {
      let part = Extent(height: extent.height / size.height, width: extent.width / size.width)
      return try append(.averagePool(AveragePool(window: Window(size: part, stride: part))), [input], at: site)
    }
    guard size.height % extent.height == 0, size.width % extent.width == 0 else {
      throw site.layer.error(
        "an area resizing of \(extent) to \(size) cannot be expressed: expected whole multiples or parts")
    }
    let factor = Extent(height: size.height / extent.height, width: size.width / extent.width)
    return try append(.resize(Resize(.factor(factor), filter: .nearest)), [input], at: site)
  }

  /// Cuts or pads to the proportions of a size, where the layer says so, in 32-bit floats as Keras does.
  private mutating func withProportions(
    of size: Extent, _ input: Value, _ extent: Extent, at site: Site
  ) throws(ImportError) -> Value {
    let layer = site.layer
    let height = Int(Float(extent.width * size.height) / Float(size.width))
    let width = Int(Float(extent.height * size.width) / Float(size.height))
    if try layer.bool("crop_to_aspect_ratio", default: false) {
      let kept = Extent(height: max(min(extent.height, height), 1), width: max(min(extent.width, width), 1))
      if kept == extent { return input }
      let slice = Slice(
        rows: .init(first: (extent.height - kept.height) / 2, count: kept.height),
        columns: .init(first: (extent.width - kept.width) / 2, count: kept.width),
        channels: .init(first: 0, count: shape(of: input).channels))
      return try step("crop", .slice(slice), [input], at: site)
    }
    if try layer.bool("pad_to_aspect_ratio", default: false) {
      let rows = (max(extent.height, height) - extent.height) / 2
      let columns = (max(extent.width, width) - extent.width) / 2
      if rows == 0, columns == 0 { return input }
      let pad = Pad(
        top: rows, left: columns, bottom: rows, right: columns, value: try layer.float("fill_value", default: 0))
      return try step("pad", .pad(pad), [input], at: site)
    }
    return input
  }

  mutating func centerCrop(_ site: Site) throws(ImportError) -> Value {
    let (layer, input) = (site.layer, try site.input())
    try requireChannels(of: input, layer)
    let size = try layer.size()
    guard case .map(let height, let width, let channels) = shape(of: input) else {
      throw layer.error("CenterCrop of a vector")
    }
    if input.isPlain, size == Extent(height: height, width: width) { return input }
    guard size.height <= height, size.width <= width else {
      throw layer.error(
        "CenterCrop to \(size) of a smaller map, \(height)x\(width), resizes it, which cannot be expressed")
    }
    let slice = Slice(
      rows: .init(first: (height - size.height) / 2, count: size.height),
      columns: .init(first: (width - size.width) / 2, count: size.width), channels: .init(first: 0, count: channels))
    return try append(.slice(slice), [input], at: site)
  }
}

extension KerasLayer {
  func size() throws(ImportError) -> Extent {
    let size = Extent(height: try int("height"), width: try int("width"))
    guard (1...Limits.window * 4).contains(size.height), (1...Limits.window * 4).contains(size.width) else {
      throw error("resizes to \(size)")
    }
    return size
  }
}

extension KerasTranslator.Site {
  /// The size of a layer, or of a function, which has both sides in a list.
  fileprivate func size() throws(ImportError) -> Extent {
    guard let list = option("size")?.array else { return try layer.size() }
    guard list.count == 2, let height = list[0].int, let width = list[1].int,
      [height, width].allSatisfy((1...Limits.window * 4).contains)
    else { throw layer.error("\(layer.className): its size is not two sides of 1 to \(Limits.window * 4)") }
    return Extent(height: height, width: width)
  }
}
