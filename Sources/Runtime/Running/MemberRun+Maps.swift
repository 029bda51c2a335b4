import Kernels
import ModelGraph

extension MemberRun {
  /// Rows of the caller's image; its channels are padded where the map's are.
  func copyIn(_ map: FeatureMap, _ rows: Range<Int>) {
    for y in rows {
      var pixel = row(y, of: map)
      var values = buffers[0].input + y * map.width * map.channels
      if map.pixelStride == map.channels {
        pixel.update(from: values, count: map.width * map.channels)
        continue
      }
      for _ in 0..<map.width {
        pixel.update(from: values, count: map.channels)
        (pixel + map.channels).update(repeating: 0, count: map.pixelStride - map.channels)
        pixel += map.pixelStride
        values += map.channels
      }
    }
  }

  /// A value without its padding.
  func copyOut(_ map: FeatureMap, _ result: Step.Result) {
    let target: BoundedPointer<Float>? =
      switch result {
      case .output: buffers[0].output
      case .features: buffers[0].features
      case .map: buffers[0].map
      }
    if let target { copyPixels(of: map, to: target) }
  }

  /// Copies a map to a vector, or to a map of pixels of as many channels.
  func reshape(_ map: FeatureMap, _ output: FeatureMap) {
    if output.pixels == 1, map.pixels > 1 { return copyPixels(of: map, to: row(0, of: output)) }
    for pixel in 0..<map.pixels {
      let from = row(pixel / map.width, of: map) + pixel % map.width * map.pixelStride
      let to = row(pixel / output.width, of: output) + pixel % output.width * output.pixelStride
      switch (map.element, output.element) {
      case (.float32, .float32): to.update(from: from, count: map.channels)
      case (.float32, .bfloat16): pack(from, to: to, map.channels, words: output.pixelStride)
      case (.bfloat16, .float32): unpack(from, to: to, map.channels, words: map.pixelStride)
      case (.bfloat16, .bfloat16): to.update(from: from, count: map.pixelStride)
      }
      if output.element == .float32 {
        (to + output.channels).update(repeating: 0, count: output.pixelStride - output.channels)
      }
    }
  }

  /// A pixel of floats as packed words.
  func pack(_ values: BoundedPointer<Float>, to pixel: BoundedPointer<Float>, _ channels: Int, words: Int) {
    unsafe kernels.pack(values.reading(channels), to: pixel.writing(words), channels: channels)
  }

  /// A pixel of packed words as floats.
  func unpack(_ pixel: BoundedPointer<Float>, to values: BoundedPointer<Float>, _ channels: Int, words: Int) {
    unsafe kernels.unpack(pixel.reading(words), to: values.writing(channels), channels: channels)
  }

  private func copyPixels(of map: FeatureMap, to target: BoundedPointer<Float>) {
    var target = target
    for y in 0..<map.height {
      let pixels = row(y, of: map)
      for x in 0..<map.width {
        let pixel = pixels + x * map.pixelStride
        switch map.element {
        case .float32: target.update(from: pixel, count: map.channels)
        case .bfloat16: unpack(pixel, to: target, map.channels, words: map.pixelWords)
        }
        target += map.channels
      }
    }
  }

  /// The half of a packed pixel's words that holds a channel; the low half of a word comes first.
  func packedIndex(of channel: Int) -> Int {
    channel / panelWidth * panelWidth + channel % vectorWidth * 2 + channel / vectorWidth % 2
  }

  /// Writes a map's channels where they belong in a concatenation, followed by zeros where they are the last.
  func join(_ map: FeatureMap, _ joined: FeatureMap, _ rows: Range<Int>, firstChannel: Int) {
    for y in rows {
      let input = row(y, of: map)
      let output = row(y, of: joined)
      for x in 0..<map.width {
        join(input + x * map.pixelStride, map, output + x * joined.pixelStride, joined, firstChannel: firstChannel)
      }
    }
  }

  /// The same for one pixel: of packed maps word by word where the channels begin at the first of a word group, else
  /// value by value.
  private func join(
    _ input: BoundedPointer<Float>, _ map: FeatureMap, _ output: BoundedPointer<Float>, _ joined: FeatureMap,
    firstChannel: Int
  ) {
    let end = firstChannel + map.channels
    let isLast = end == joined.channels
    if map.element != joined.element {
      if joined.element == .bfloat16 {
        pack(input, to: output + firstChannel / 2, map.channels, words: map.channels / 2)
      } else {
        unpack(input, to: output + firstChannel, map.channels, words: map.pixelWords)
      }
    } else if joined.element == .float32 {
      (output + firstChannel).update(from: input, count: map.channels)
      if isLast { (output + end).update(repeating: 0, count: joined.pixelWords - end) }
    } else if firstChannel % panelWidth == 0 {
      let first = firstChannel / 2
      (output + first).update(from: input, count: map.pixelWords)
      guard isLast else { return }
      (output + (first + map.pixelWords)).update(repeating: 0, count: joined.pixelWords - first - map.pixelWords)
    } else {
      let values = input.rebound(to: UInt16.self)
      let halves = output.rebound(to: UInt16.self)
      for channel in 0..<map.channels {
        halves[packedIndex(of: firstChannel + channel)] = values[packedIndex(of: channel)]
      }
      guard isLast else { return }
      for channel in end..<2 * joined.pixelWords { halves[packedIndex(of: channel)] = 0 }
    }
  }

  /// Calls `body` with each row of a map and the place of its result.
  func forEachRow(_ map: FeatureMap, _ output: FeatureMap, _ rows: Range<Int>, _ body: (ElementwiseRun) -> Void) {
    for y in rows {
      body(line(of: map, output, y))
    }
  }

  /// A row of a map and the place of its result.
  private func line(of map: FeatureMap, _ output: FeatureMap, _ y: Int) -> ElementwiseRun {
    let count = map.width * map.pixelStride
    return unsafe ElementwiseRun(
      input: row(y, of: map).reading(count), output: row(y, of: output).writing(count), count: count,
      element: map.element)
  }

  func add(_ first: FeatureMap, _ second: FeatureMap, _ output: FeatureMap, _ rows: Range<Int>) {
    for y in rows {
      unsafe kernels.add(
        line(of: first, output, y), row(y, of: second).reading(first.width * first.pixelStride))
    }
  }

  func softmax(_ map: FeatureMap, _ output: FeatureMap, _ rows: Range<Int>) {
    for y in rows {
      for x in 0..<map.width {
        let offset = x * map.pixelStride
        let pixel = row(y, of: output) + offset
        let end = (map.channels + vectorWidth - 1) / vectorWidth * vectorWidth
        unsafe kernels.softmax(
          ElementwiseRun(
            input: (row(y, of: map) + offset).reading(end), output: pixel.writing(end), count: map.channels))
        // bf16 products read whole column panels.
        (pixel + end).update(repeating: 0, count: output.pixelStride - end)
      }
    }
  }

  /// One value for each channel of some vectors.
  func pool(_ map: FeatureMap, _ output: FeatureMap, _ kind: GlobalPool.Kind, vectors: Range<Int>) {
    unsafe kernels.globalPool(
      GlobalPoolRun(
        isMaximum: kind == .maximum, input: pixels(of: map).reading(0), height: map.height, width: map.width,
        rowStride: map.rowStride, pixelStride: map.pixelStride,
        vectors: vectors,
        output: row(0, of: output).writing(output.pixelStride), element: map.element,
        outputElement: output.element))
  }

  func run(_ step: PoolStep, rows: Range<Int>) {
    let map = maps[step.input]
    let output = maps[step.output]
    let window = step.window
    for y in rows {
      var count = 0
      for tap in 0..<window.height {
        let inputRow = y * window.strideDown - window.top + tap * window.dilationDown
        guard inputRow >= 0, inputRow < map.height else { continue }
        unsafe scratch.inputRows[count] = row(inputRow, of: map).reading(map.width * map.pixelStride)
        count += 1
      }
      var divisor: Int?
      if case .average(countsPadding: true) = step.kind { divisor = window.taps }
      let vectors = map.pixelWords / vectorWidth
      let values = vectors * (map.element == .float32 ? 1 : 2)
      let run = unsafe PoolRun(
        inputs: scratch.inputRows.reading(count), inputRows: count, inputWidth: map.width, pixelStride: map.pixelStride,
        windowWidth: window.width, stride: window.strideAcross, dilation: window.dilationAcross,
        paddingLeft: window.left, divisor: divisor,
        output: row(y, of: output).writing((output.width - 1) * output.pixelStride + output.pixelWords),
        outputPixelStride: output.pixelStride, pixels: output.width, vectors: vectors, element: map.element,
        normalization: step.normalization.map {
          unsafe PoolNormalization(
            weights: (weights + $0.weights).reading(2 * values * vectorWidth), activation: $0.activation)
        }, activation: step.activation)
      switch step.kind {
      case .maximum: kernels.maximumPool(run)
      case .average: kernels.averagePool(run)
      }
    }
  }
}
