import Files
import Foundation
import ModelGraph
import Testing

@testable import ModelImport

@Suite("Damaged and foreign files of PyTorch and ONNX")
struct TorchRefusalTests {
  private static let names = [
    "script.onnx", "export.onnx", "external.onnx", "quantized.onnx", "half.safetensors", "resnet.pth",
    "resnet.legacy.pth",
  ]

  @Test(arguments: names)
  func `Are refused wherever they end`(name: String) throws {
    let fixture = TorchFixture(name)
    let bytes = try fixture.bytes
    for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 97)) {
      // A model may still be whole without its last field, the opset; then it is refused for that.
      #expect(throws: ImportError.self) { try fixture.read(Array(bytes[..<count])) }
    }
  }

  @Test(arguments: names)
  func `Are read or refused, but never trap, whatever byte is wrong`(name: String) throws {
    let fixture = TorchFixture(name)
    let bytes = try fixture.bytes
    var generator = SplitMix64(seed: 7)
    for _ in 0..<150 {
      var changed = bytes
      // Mostly where names and lengths are: at the beginning, and at the end.
      let range = Int(generator.next() % 3) == 0 ? bytes.count : min(bytes.count, 2048)
      let place = Int(generator.next() % UInt64(range))
      changed[generator.next() % 2 == 0 ? place : bytes.count - 1 - place] = UInt8(truncatingIfNeeded: generator.next())
      do throws(ImportError) { _ = try fixture.read(changed) } catch { #expect(!error.description.isEmpty) }
    }
  }

  @Test func `A whole pickled module is refused with what to do instead`() throws {
    let error = #expect(throws: ImportError.self) { try TorchFixture("module.pth").read() }
    #expect(error?.description.contains("torch.nn.modules.container.Sequential") == true)
    #expect(error?.description.contains("torch.save(model.state_dict()") == true)
  }

  @Test func `A pickle that calls a function is refused by its name`() throws {
    let program: [UInt8] =
      [0x80, 2] + Array("cposix\nsystem\n".utf8) + [0x58, 2, 0, 0, 0, 0x6c, 0x73, 0x85, 0x52, 0x2e]
    var reader = PickleReader(FileBytes(program))
    let error = #expect(throws: ImportError.self) { try reader.read() }
    #expect(error?.description.contains("posix.system") == true)
  }

  @Test(arguments: [
    ("cycle", "second", "part of a cycle"), ("missing-input", "last", "\"nowhere\", which nothing makes"),
    ("bias-shape", "last", "[3], expected [2]"),
    ("kernel-shape", "last", "its kernel has the dimensions [1, 1, 4, 2], expected [1, 1, 3, 2]"),
    ("training", "last", "training mode"),
    ("operation", "last", "NonMaxSuppression: this operation is not supported"), ("domain", "last", "org.example"),
    ("short-weights", "w", "20 bytes, expected 24"), ("huge-weights", "w", "values at most"),
    ("empty-weights", "w", "[4294967296, 4294967296, 0]"), ("empty-constant", "made", "too large to compute with"),
    ("text-weights", "w", "the type string"), ("opset", "version 6", "onnx.version_converter"),
  ])
  func `A wrong model is refused with what is wrong and where`(name: String, place: String, reason: String) throws {
    let error = #expect(throws: ImportError.self) { try TorchFixture("wrong-\(name).onnx").read() }
    let text = error?.description ?? ""
    #expect(text.contains(place) && text.contains(reason), "\(text)")
  }

  @Test(arguments: [
    ("tuples", [UInt8(ascii: ")")] + [UInt8](repeating: 0x85, count: 1_000_000)),
    (
      "lists",
      [UInt8](repeating: UInt8(ascii: "]"), count: 500_000) + [UInt8](repeating: UInt8(ascii: "a"), count: 499_999)
    ),
    ("a list in itself", Array("]q\u{0}h\u{0}a".utf8)), ("a dictionary in itself", Array("}q\u{0}Nh\u{0}s".utf8)),
    ("lists that grow in others", Array("]]q\u{0}ah\u{0}Na".utf8)),
  ]) func `A pickle whose values are nested without end is refused, though letting go of it would overflow the stack`(
    name: String, program: [UInt8]
  ) throws {
    var reader = PickleReader(FileBytes([0x80, 2] + program + [UInt8(ascii: ".")]))
    let error = #expect(throws: ImportError.self) { try reader.read() }
    let reason = try #require(error).description
    #expect(reason.contains("nested more than 64 deep") || reason.contains("part of something else"), "\(reason)")
  }

  @Test func `External data outside the model's folder is never read`() throws {
    let fixture = TorchFixture("external.onnx")
    let name = Array("external.onnx.data".utf8)
    for path in ["../secret.onnx.dat", "/etc/passwd......."] {
      let other = Array(path.utf8)
      try #require(other.count == name.count)
      var bytes = try fixture.bytes
      for start in 0...(bytes.count - name.count) where Array(bytes[start..<start + name.count]) == name {
        bytes.replaceSubrange(start..<start + name.count, with: other)
      }
      let error = #expect(throws: ImportError.self) { try fixture.read(bytes) }
      #expect(error?.description.contains("the model's own folder") == true)
    }
  }

  @Test func `Safetensors with holes, overlaps and false sizes are refused`() throws {
    func file(_ header: String, _ count: Int) -> ForeignFile {
      let text = Array(header.utf8)
      let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
      return ForeignFile(path: "a.safetensors", bytes: length + text + [UInt8](repeating: 0, count: count))
    }
    func entry(_ name: String, _ start: Int, _ end: Int, _ shape: String = "[2]", _ type: String = "F32") -> String {
      #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(start),\#(end)]}"#
    }
    let whole = file("{" + entry("a", 0, 8) + "," + entry("b", 8, 16) + "}", 16)
    #expect(try SafetensorsHeader(whole, limits: ImportLimits()).arrays.map(\.name) == ["a", "b"])
    for (header, count) in [
      ("{" + entry("a", 0, 8) + "," + entry("b", 12, 20) + "}", 20),
      ("{" + entry("a", 0, 8) + "," + entry("b", 4, 12) + "}", 12), ("{" + entry("a", 0, 8) + "}", 12),
      ("{" + entry("a", 0, 12) + "}", 12), ("{" + entry("a", 0, 8) + "}", 4),
      ("{" + entry("a", 0, 8, "[-2]") + "}", 8), ("{" + entry("a", 0, 8, "[2147483648,2147483648]") + "}", 8),
      ("{" + entry("a", 0, 8, "[2]", "F8") + "}", 8), ("{" + entry("a", -8, 0) + "}", 8),
      ("{" + entry("a", 0, 8, "[2.5]") + "}", 8),
    ] {
      #expect(throws: ImportError.self) { try SafetensorsHeader(file(header, count), limits: ImportLimits()) }
    }
  }

  @Test func `Weights that lack one of a network's, or have one more, are refused by its name`() throws {
    let file = try ForeignFile(path: TorchFixture("resnet.safetensors").path, limit: 1 << 20)
    let arrays = try SafetensorsHeader(file, limits: ImportLimits()).arrays
    let missing = try StateDictionary(arrays.filter { $0.name != "layer2.0.conv2.weight" })
    #expect(throws: ImportError.self) { try missing.model(beside: file, options: ImportOptions()) }
    let without = try StateDictionary(arrays.filter { $0.name != "layer3.1.bn3.bias" })
    let error = #expect(throws: ImportError.self) { try without.model(beside: file, options: ImportOptions()) }
    #expect(error?.description.contains("layer3.1.bn3.bias") == true)
    var extra = arrays
    extra.append(NamedArray(name: "layer3.1.attention.weight", dimensions: [1], values: [1]))
    let surplus = #expect(throws: ImportError.self) {
      try StateDictionary(extra).model(beside: file, options: ImportOptions())
    }
    #expect(surplus?.description.contains("layer3.1.attention.weight") == true)
  }
}
