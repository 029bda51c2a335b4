import ModelGraph

@testable import WeightFormat

extension Sample {
  /// Cuts a valid file after so many bytes; from the end where negative.
  private static func truncated(_ name: String, to length: Int) -> Sample {
    Sample(name, .truncated) { $0.changes[.file] = { $0 = Array($0[..<(length < 0 ? $0.count + length : length)]) } }
  }

  static let ofHeader: [Sample] = [
    truncated("empty", to: 0), truncated("truncated-in-signature", to: 5), truncated("truncated-in-header", to: 63),
    truncated("truncated-after-header", to: 64), truncated("truncated-in-directory", to: 100),
    truncated("truncated-in-metadata", to: 300), truncated("truncated-by-one-byte", to: -1),
    Sample("trailing-byte", .trailingBytes) { $0.changes[.file] = { $0.append(0) } },
    Sample("signature-of-another-format", .signature) {
      $0.changes[.file] = { $0.replaceSubrange(0..<8, with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) }
    },
    Sample("signature-with-changed-line-ends", .signature) { $0.changes[.file] = { $0.remove(at: 4) } },
    Sample("byte-order-big-endian", .byteOrder) { $0.setHeader(at: 8, to: 0x0102_0304) },
    Sample("byte-order-unknown", .byteOrder) { $0.setHeader(at: 8, to: 0x0403_0102) },
    Sample("version-0", .version) { $0.setHeader(at: 12, to: 0) },
    Sample("version-2", .version) { $0.setHeader(at: 12, to: 2) },
    Sample("header-checksum", .checksum) { $0.changes[.file] = { $0[36] ^= 1 } },
    Sample("feature-unknown-required", .feature) { $0.setHeader(at: 16, to: 0x8000_0001) },
    Sample("feature-optimized-missing", .feature, of: .firstOperations) { $0.features = 1 },
    Sample("feature-optimized-without-cause", .feature) { $0.features = 3 },
    Sample("feature-compact-missing", .size, .blocks) { $0.features = 0 },
    Sample("file-length-all-ones", .limit) {
      $0.changes[.header] = {
        $0.replace(at: 24, with: .max)
        $0.replace(at: 28, with: .max)
      }
    },
    Sample("section-count-all-ones", .limit) { $0.setHeader(at: 32, to: .max) },
    Sample("section-count-beyond-file", .size, of: .least) { $0.setHeader(at: 32, to: 64) },
    Sample("section-count-zero", .missingSection, .metadata) { $0.order = [] },
    Sample("header-reserved", .padding) { $0.changes[.header] = { $0[59] = 1 } },
  ]

  static let ofDirectory: [Sample] = [
    Sample("directory-checksum", .checksum) { $0.changes[.file] = { $0[70] ^= 1 } },
    Sample("section-unknown-required", .unknownSection, SectionKind("NOTE")) {
      $0.otherSections = [(SectionKind("NOTE"), true, [1, 2, 3])]
    },
    Sample("section-unknown-name", .unknownSection, SectionKind(rawValue: 0xffff_ff00)) {
      $0.otherSections = [(SectionKind(rawValue: 0xffff_ff00), true, [1, 2, 3])]
    },
    Sample("section-flag-unknown", .value, .metadata) { $0.setEntry(0, at: 4, to: 3) },
    Sample("section-known-but-optional", .value, .metadata) { $0.setEntry(0, at: 4, to: 0) },
    Sample("section-missing", .missingSection, .blocks) { $0.order.remove(at: 3) },
    Sample("section-repeated", .repeatedSection, .graph) { $0.order.insert(.graph, at: 2) },
    Sample("section-optional-repeated", .repeatedSection, SectionKind("NOTE")) {
      $0.otherSections = [(SectionKind("NOTE"), false, [1]), (SectionKind("NOTE"), false, [2])]
    },
    Sample("section-order", .sectionOrder, .metadata) { $0.order.swapAt(0, 1) },
    Sample("section-overlap", .placement, .graph) { $0.changeSections = { $0[1].offset = $0[0].offset } },
    Sample("section-overlaps-directory", .placement, .metadata) { $0.changeSections = { $0[0].offset = 64 } },
    Sample("section-hole", .placement, .graph) { $0.changeSections = { $0[1].offset += 64 } },
    Sample("section-not-aligned", .placement, .graph) { $0.changeSections = { $0[1].offset += 4 } },
    Sample("section-beyond-file", .placement, .data) { $0.changeSections = { $0[4].length += 1 } },
    Sample("section-length-all-ones", .placement, .metadata) {
      $0.changes[.directory] = {
        $0.replace(at: 16, with: .max)
        $0.replace(at: 20, with: .max)
      }
    },
    Sample("section-end-wraps", .placement, .graph) {
      $0.changes[.directory] = {
        $0.replace(at: 40, with: 0xffff_ffc0)
        $0.replace(at: 44, with: .max)
      }
    },
    Sample("bytes-after-last-section", .placement) { $0.changeSections = { $0[4].length -= 1 } },
    Sample("section-padding", .padding) { $0.changes[.file] = { $0[64 + 5 * 32] = 1 } },
    Sample("section-reserved", .padding, .data) { $0.setEntry(4, at: 28, to: 1) },
    Sample("section-checksum", .checksum, .metadata) { $0.changes[.file] = { $0[256] ^= 1 } },
    Sample("assumptions-required", .unknownSection, .assumptions) {
      $0.otherSections = [(.assumptions, true, try Sample.assumptions(["a"]))]
    },
    Sample("assumptions-too-many", .size, .assumptions) {
      $0.otherSections = [(.assumptions, false, [255, 255, 255, 255])]
    },
    Sample("assumptions-too-long", .size, .assumptions) {
      $0.otherSections = [(.assumptions, false, try Sample.assumptions(["a"]) + [0, 0, 0, 0])]
    },
    Sample("section-optional-checksum", .checksum, SectionKind("NOTE")) {
      $0.otherSections = [(SectionKind("NOTE"), false, [1, 2, 3])]
      $0.changeSections = { $0[1].checksum ^= 1 }
    },
  ]

  static let ofMetadata: [Sample] = [
    Sample("metadata-unknown-field", .value, .metadata) { $0.set(.metadata, at: 0, to: 31) },
    Sample("metadata-output-unknown", .value, .metadata) { $0.set(.metadata, at: 4, to: 4) },
    Sample("preprocessing-filter-unknown", .value, .metadata) { $0.set(.metadata, at: 8, to: 7) },
    Sample("preprocessing-antialias-2", .value, .metadata) { $0.set(.metadata, at: 12, to: 2) },
    Sample("preprocessing-geometry-unknown", .value, .metadata) { $0.set(.metadata, at: 16, to: 5) },
    Sample("preprocessing-side-with-padding", .value, .metadata) { $0.set(.metadata, at: 16, to: 2) },
    Sample("preprocessing-side-without-crop", .value, .metadata) { $0.set(.metadata, at: 16, to: 0) },
    Sample("preprocessing-side-zero", .value, .metadata) { $0.set(.metadata, at: 20, to: 0) },
    Sample("preprocessing-divisor-zero", .value, .metadata) { $0.metadata.preprocessing.divisor = 0 },
    Sample("preprocessing-divisor-negative", .value, .metadata) { $0.metadata.preprocessing.divisor = -255 },
    Sample("preprocessing-divisor-too-small", .value, .metadata) { $0.metadata.preprocessing.divisor = 1e-38 },
    Sample("preprocessing-deviation-negative", .value, .metadata) {
      $0.metadata.preprocessing.standardDeviation[0] = -1
    },
    Sample("preprocessing-deviation-too-small", .value, .metadata) {
      $0.metadata.preprocessing.standardDeviation[1] = .leastNonzeroMagnitude
    },
    Sample("preprocessing-side-too-large", .value, .metadata) {
      $0.metadata.preprocessing.geometry = .centerCrop(shorterSide: 16_385)
    },
    Sample("preprocessing-side-below-input", .metadata, .metadata) {
      $0.metadata.preprocessing.geometry = .centerCrop(shorterSide: 5)
    },
    Sample("preprocessing-mean-nan", .number, .metadata) { $0.metadata.preprocessing.mean[1] = .nan },
    Sample("preprocessing-deviation-zero", .value, .metadata) {
      $0.metadata.preprocessing.standardDeviation[2] = 0
    },
    Sample("preprocessing-channels", .metadata, .metadata) {
      $0.metadata.preprocessing.mean = [0]
      $0.metadata.preprocessing.standardDeviation = [1]
    },
    Sample("preprocessing-channels-all-ones", .size, .metadata) { $0.set(.metadata, at: 32, to: .max) },
    Sample("text-length-all-ones", .size, .metadata) { $0.set(.metadata, at: 60, to: .max) },
    Sample("text-longer-than-section", .size, .metadata) { $0.set(.metadata, at: 60, to: 2000) },
    Sample("text-padding", .padding, .metadata) { $0.set(.metadata, at: 68, to: 0x0100_656c) },
    Sample("label-not-utf8", .text, .metadata) {
      $0.change(.metadata) { $0.replace(text: "fork", with: [0x66, 0xc3, 0x28, 0x6b]) }
    },
    Sample("label-surrogate", .text, .metadata) {
      $0.change(.metadata) { $0.replace(text: "fork", with: [0xed, 0xa0, 0x80, 0x6b]) }
    },
    Sample("label-control-character", .text, .metadata) { $0.metadata.labels[1] = "\u{1b}[2J" },
    Sample("labels-too-few", .metadata, .metadata) { $0.metadata.labels.removeLast() },
    Sample("labels-too-many", .metadata, .metadata) { $0.metadata.labels.append("plate") },
    Sample("labels-three-of-one-value", .metadata, .metadata, of: .yesOrNo) { $0.metadata.labels.append("maybe") },
    Sample("label-count-all-ones", .size, .metadata) {
      $0.change(.metadata) { bytes in
        let labels = bytes.indices.first { bytes[$0...].starts(with: [3, 0, 0, 0, 3, 0, 0, 0]) }!
        bytes.replace(at: labels, with: .max)
      }
    },
    Sample("source-with-folder", .text, .metadata) { $0.metadata.source?.fileName = "../sample.keras" },
    Sample("golden-count", .metadata, .metadata) { $0.metadata.golden?.output.append(0) },
    Sample("golden-tolerance-negative", .value, .metadata) { $0.metadata.golden?.tolerance = -1 },
    Sample("golden-output-infinite", .number, .metadata) { $0.metadata.golden?.output[0] = .infinity },
    Sample("metadata-too-long", .size, .metadata) { $0.change(.metadata) { $0 += [0, 0, 0, 0] } },
    Sample("metadata-too-short", .size, .metadata) { $0.change(.metadata) { $0.removeLast() } },
    Sample("metadata-empty", .size, .metadata) { $0.change(.metadata) { $0 = [] } },
  ]
}
