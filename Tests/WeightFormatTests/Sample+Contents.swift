import ModelGraph

@testable import WeightFormat

extension Sample {
  static let ofGraph: [Sample] = [
    Sample("node-count-all-ones", .size, .graph) { $0.set(.graph, at: 0, to: .max) },
    Sample("node-count-zero", .graph, .graph) { $0.nodes = [] },
    Sample("node-name-not-utf8", .text, .graph) {
      $0.change(.graph) { $0.replace(text: "pool", with: [0x70, 0xff, 0x6f, 0x6c]) }
    },
    Sample("node-name-duplicate", .graph, .graph) { $0.nodes[2].name = "conv" },
    Sample("node-name-empty", .graph, .graph) { $0.nodes[2].name = "" },
    Sample("operation-unknown", .value, .graph) { $0.set(.graph, at: 16, to: 1000) },
    Sample("operation-zero", .value, .graph) { $0.set(.graph, at: 16, to: 0) },
    Sample("shape-of-rank-2", .value, .graph) { $0.set(.graph, at: 20, to: 2) },
    Sample("shape-with-zero", .value, .graph) { $0.set(.graph, at: 24, to: 0) },
    Sample("shape-with-all-ones", .value, .graph) { $0.set(.graph, at: 24, to: .max) },
    Sample("shape-product-wraps", .value, .graph) {
      $0.change(.graph) { for offset in [24, 28, 32] { $0.replace(at: offset, with: 1 << 31) } }
    },
    Sample("shape-not-inferred", .graph, .graph) { $0.nodes[1].shape = .map(height: 6, width: 5, channels: 8) },
    Sample("input-count-all-ones", .size, .graph) { $0.set(.graph, at: 36, to: .max) },
    Sample("input-forward", .graph, .graph) { $0.nodes[1].inputs = [2] },
    Sample("input-itself", .graph, .graph) { $0.nodes[1].inputs = [1] },
    Sample("input-beyond-graph", .graph, .graph) { $0.nodes[1].inputs = [Int(UInt32.max)] },
    Sample("input-missing", .graph, .graph) { $0.nodes[1].inputs = [] },
    Sample("input-second", .graph, .graph) { $0.nodes[2].operation = .input($0.nodes[2].shape) },
    Sample("input-absent", .graph, .graph) { $0.nodes[0].operation = .softmax },
    Sample("node-never-read", .graph, .graph) { $0.nodes[3].inputs = [1] },
    Sample("weight-missing", .graph, .graph) { $0.nodes[1].parameters = [] },
    Sample("weight-surplus", .graph, .graph) { $0.nodes[1].parameters = [0, 1] },
    Sample("weight-beyond-tensors", .graph, .graph) { $0.nodes[1].parameters = [Int(UInt32.max)] },
    Sample("weight-of-wrong-shape", .graph, .graph) { $0.nodes[1].parameters = [1] },
    Sample("weight-unused", .graph, .tensors) {
      $0.nodes[2].operation = .activation(.relu)
      $0.nodes[2].parameters = []
    },
    Sample("window-zero", .graph, .graph) { $0.set(.graph, at: 88, to: 0) },
    Sample("stride-zero", .graph, .graph) { $0.set(.graph, at: 96, to: 0) },
    Sample("window-all-ones", .graph, .graph) { $0.set(.graph, at: 88, to: .max) },
    Sample("padding-kind-unknown", .value, .graph) { $0.set(.graph, at: 112, to: 3) },
    Sample("padding-without-cause", .value, .graph) { $0.set(.graph, at: 116, to: 1) },
    Sample("groups-zero", .graph, .graph) { $0.set(.graph, at: 136, to: 0) },
    Sample("bias-2", .value, .graph) { $0.set(.graph, at: 140, to: 2) },
    Sample("activation-unknown", .value, .graph) { $0.set(.graph, at: 144, to: 1000) },
    Sample("alpha-without-cause", .value, .graph) { $0.set(.graph, at: 148, to: 0x3f80_0000) },
    Sample("alpha-nan", .number, .graph) { $0.nodes[5].operation = .activation(.elu(alpha: .nan)) },
    Sample("epsilon-negative", .graph, .graph) {
      $0.nodes[2].operation = .batchNormalization(BatchNormalization(epsilon: -1))
    },
    Sample("pool-padding-too-wide", .graph, .graph, of: .dilatedPool) {
      $0.nodes[1].operation = .maxPool(
        Window(size: Extent(2), dilation: Extent(2), padding: .explicit(top: 3, left: 2, bottom: 2, right: 2)))
      $0.nodes[1].shape = .map(height: 9, width: 8, channels: 1)
    },
    Sample("pool-dilation-beyond-input", .graph, .graph, of: .dilatedPool) {
      $0.nodes[1].operation = .maxPool(Window(size: Extent(2), dilation: Extent(7)))
      $0.nodes[1].shape = .map(height: 6, width: 6, channels: 1)
    },
    Sample("graph-too-long", .size, .graph) { $0.change(.graph) { $0 += [0, 0, 0, 0] } },
    Sample("graph-too-short", .size, .graph) { $0.change(.graph) { $0.removeLast(4) } },
  ]

  static let ofTensors: [Sample] = [
    Sample("tensor-count-all-ones", .size, .tensors) { $0.set(.tensors, at: 0, to: .max) },
    Sample("tensor-name-not-utf8", .text, .tensors) {
      $0.change(.tensors) { $0.replace(text: "0 ke", with: [0xc0, 0x80, 0x6b, 0x65]) }
    },
    Sample("tensor-name-duplicate", .graph, .tensors) { $0.records[1].name = $0.records[2].name },
    Sample("tensor-name-duplicate-canonically", .graph, .tensors) {
      $0.records[1].name = "caf\u{e9}"
      $0.records[2].name = "cafe\u{301}"
    },
    Sample("tensor-name-empty", .graph, .tensors) { $0.records[1].name = "" },
    Sample("element-type-unknown", .value, .tensors) { $0.set(.tensors, at: 16, to: 5) },
    Sample("rank-zero", .value, .tensors) { $0.set(.tensors, at: 20, to: 0) },
    Sample("rank-9", .value, .tensors) { $0.set(.tensors, at: 20, to: 9) },
    Sample("rank-all-ones", .value, .tensors) { $0.set(.tensors, at: 20, to: .max) },
    Sample("dimension-zero", .value, .tensors) { $0.set(.tensors, at: 24, to: 0) },
    Sample("dimension-all-ones", .value, .tensors) { $0.set(.tensors, at: 24, to: .max) },
    Sample("dimensions-wrap-64-bits", .value, .tensors) {
      $0.change(.tensors) { for offset in [24, 28, 32, 36] { $0.replace(at: offset, with: 1 << 16) } }
    },
    Sample("dimensions-wrap-to-little", .value, .tensors) {
      $0.records[0].dimensions = [1 << 31, 1 << 31, 4, 1]
    },
    Sample("inflation-beyond-limit", .limit, .tensors) {
      for index in 0..<3 { $0.records[index].dimensions = [1 << 30] }
    },
    Sample("inflation-without-blocks", .blocks, .blocks) { $0.records[0].dimensions = [1 << 30] },
    Sample("scale-missing", .value, .tensors, of: .small(.int8)) {
      $0.records[0].scale = nil
      $0.records[5].scale = nil
      $0.features = 1
    },
    Sample("scale-nan", .number, .tensors, of: .small(.int8)) {
      $0.records[0].scale![3] = .nan
    },
    Sample("scale-too-short", .size, .tensors, of: .small(.int8)) {
      $0.records[5].scale = [1]
    },
    Sample("scale-flag-2", .value, .tensors) { $0.set(.tensors, at: 40, to: 2) },
    Sample("data-offset-shared", .placement, .tensors) { $0.changeRecords = { $0[1].dataOffset = 0 } },
    Sample("data-offset-hole", .placement, .tensors) { $0.changeRecords = { $0[1].dataOffset += 64 } },
    Sample("data-offset-not-aligned", .placement, .tensors) { $0.changeRecords = { $0[1].dataOffset += 1 } },
    Sample("data-offset-all-ones", .placement, .tensors) { $0.changeRecords = { $0[1].dataOffset = .max } },
    Sample("block-shared", .blocks, .tensors) { $0.changeRecords = { $0[1].firstBlock = 0 } },
    Sample("block-beyond-table", .blocks, .tensors) { $0.changeRecords = { $0[1].firstBlock = Int(UInt32.max) } },
    Sample("tensors-too-long", .size, .tensors) { $0.change(.tensors) { $0 += [0, 0, 0, 0] } },
    Sample("tensors-too-short", .size, .tensors) { $0.change(.tensors) { $0.removeLast(4) } },
  ]

  static let ofBlocks: [Sample] = [
    Sample("block-orphan", .blocks, .blocks) {
      $0.change(.blocks) { $0 += [UInt8](repeating: 0, count: FormatConstants.blockEntryLength) }
    },
    Sample("block-missing", .blocks, .blocks) {
      $0.change(.blocks) { $0.removeLast(FormatConstants.blockEntryLength) }
    },
    Sample("block-table-cut", .blocks, .blocks) { $0.change(.blocks) { $0.removeLast() } },
    Sample("plane-empty", .size, .blocks) { $0.set(.blocks, at: 16, to: 0) },
    Sample("plane-longer-than-elements", .size, .blocks) { $0.set(.blocks, at: 4, to: 217) },
    Sample("plane-length-all-ones", .size, .blocks) { $0.set(.blocks, at: 4, to: .max) },
    Sample("plane-of-narrower-type", .size, .blocks, of: .small(.float16)) {
      $0.set(.blocks, at: 12, to: 1)
    },
    Sample("plane-expands-too-far", .size, .blocks, of: .small(.float32)) {
      $0.records[0].dimensions = [1 << 17]
      $0.blocks[0] = [[[1], [1], [1], [1]]]
    },
    Sample("stored-with-planes", .size, .blocks, profile: .stored) { $0.features = 1 },
    Sample("stored-too-short", .size, .blocks, profile: .stored) { $0.set(.blocks, at: 4, to: 863) },
    Sample("block-checksum-in-table", .checksum, .data) { $0.set(.blocks, at: 0, to: 1) },
  ]

  static let ofData: [Sample] = [
    Sample("block-checksum", .checksum, .data) { $0.changes[.file] = { $0[$0.count - 1] ^= 1 } },
    Sample("data-padding", .padding, .data) { file in
      let first = file.blocks[0][0].joined().count
      file.changes[.file] = { bytes in
        let data = try WeightFile(bytes: bytes).sections.last!
        bytes[data.offset + first] = 1
      }
    },
    Sample("data-too-long", .size, .data) { $0.change(.data) { $0.append(0) } },
    Sample("data-too-short", .size, .blocks) { $0.change(.data) { $0.removeLast() } },
    Sample("deflate-invalid", .deflate, .data) {
      try $0.replaceStream { _ in [0x07, 0xff, 0xff, 0xff] }
    },
    Sample("deflate-without-end", .deflate, .data) {
      try $0.replaceStream { Deflate.compressed($0).dropLast() }
    },
    Sample("deflate-inflates-short", .deflate, .data) {
      try $0.replaceStream { Deflate.compressed($0.dropLast()) }
    },
    Sample("deflate-inflates-long", .deflate, .data) {
      try $0.replaceStream { Deflate.compressed($0 + [0x3f]) }
    },
    Sample("deflate-garbage-after", .deflate, .data) {
      try $0.replaceStream { Deflate.compressed($0) + [0] }
    },
    Sample("deflate-bomb", .deflate, .data) {
      try $0.replaceStream { _ in
        unsafe [UInt8](repeating: 0, count: 100_000).withUnsafeBytes { unsafe Deflate.stream($0) }
      }
    },
    Sample("quartered-length-all-ones", .deflate, .data, of: .quartered) {
      try $0.replaceStream {
        var plane = Deflate.compressed($0)
        plane.replace(at: 0, with: .max)
        return plane
      }
    },
    Sample("quartered-lengths-beyond-plane", .deflate, .data, of: .quartered) {
      try $0.replaceStream {
        var plane = Deflate.compressed($0)
        let first = (0..<4).reduce(0) { $0 | Int(plane[$1]) << (8 * $1) }
        plane.replace(at: 4, with: UInt32(plane.count - 12 - first))
        plane.replace(at: 8, with: 1)
        return plane
      }
    },
    Sample("quartered-stream-empty", .deflate, .data, of: .quartered) {
      try $0.replaceStream {
        var plane = Deflate.compressed($0)
        plane.replace(at: 4, with: 0)
        return plane
      }
    },
    Sample("quartered-stream-without-end", .deflate, .data, of: .quartered) {
      try $0.replaceStream { Deflate.compressed($0).dropLast() }
    },
    Sample("quartered-plane-in-one-stream", .deflate, .data, of: .quartered) {
      try $0.replaceStream { unsafe $0.withUnsafeBytes { unsafe Deflate.stream($0) } }
    },
    Sample("weight-nan-float32", .number, .data) { $0.replaceElement(0x7fc0_0000) },
    Sample("weight-infinite-float32", .number, .data) { $0.replaceElement(0xff80_0000) },
    Sample("weight-nan-float32-stored", .number, .data, profile: .stored) { $0.replaceElement(0x7f80_0001) },
    Sample("weight-nan-float16", .number, .data, of: .small(.float16)) {
      $0.replaceElement(0x7e00)
    },
    Sample(
      "weight-infinite-float16-stored", .number, .data, of: .small(.float16),
      profile: .stored
    ) {
      $0.replaceElement(0xfc00)
    },
    Sample("weight-nan-bfloat16", .number, .data, of: .small(.bfloat16)) {
      $0.replaceElement(0xffc0)
    },
  ]
}

extension Deflate {
  static func compressed(_ bytes: some Collection<UInt8>) -> [UInt8] {
    unsafe Array(bytes).withUnsafeBytes { unsafe compressed($0) }
  }
}
