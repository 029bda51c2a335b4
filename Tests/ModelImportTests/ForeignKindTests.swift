import Testing

@testable import ModelImport

@Suite("A foreign file")
struct ForeignKindTests {
  private static let files: [(kind: ForeignKind, bytes: [UInt8])] = [
    (.empty, []),
    (.pickle, [0x80, 0x04, 0x95]),
    (.tfLite, [0x1c, 0, 0, 0] + Array("TFL3".utf8)),
    (.gitLFSPointer, Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n".utf8)),
    (.html, Array("\n<!DOCTYPE html><html>".utf8)),
    (.json, Array(#"{"format": "layers-model"}"#.utf8)),
    (.gzip, [0x1f, 0x8b, 8, 0]),
    (.numPy, [0x93] + Array("NUMPY".utf8)),
    (.numPy, zip([("arr_0.npy", [1])])),
    (.picture, [0xff, 0xd8, 0xff, 0xe0]),
    (.safetensors, [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)),
    (.weightFile, [0x89, 0x58, 0x43, 0x57, 0x0d, 0x0a, 0x1a, 0x0a]),
    (.kerasArchive, zip([("config.json", []), ("model.weights.h5", [])])),
    (.pyTorchArchive, zip([("archive/data.pkl", [0x80]), ("archive/data/0", [1])])),
    (.torchScript, zip([("m/data.pkl", [0x80]), ("m/code/__torch__.py", [1])])),
    (.otherArchive, zip([("word/document.xml", [1])])),
    // ir_version 8, producer "x", a graph of no bytes.
    (.onnx, [0x08, 8, 0x12, 1, 0x78, 0x3a, 0]),
    (.savedModel, [0x08, 1, 0x12, 2, 1, 2]),
    (.tensorFlowGraph, [0x0a, 2, 1, 2, 0x0a, 1, 3, 0x22, 0]),
    (.unknown, [1, 2, 3, 4]),
  ]

  @Test func `A file's name is what follows the last slash, as text that a weights file can hold`() {
    for (path, name) in [
      ("a/b.keras", "b.keras"), ("b", "b"), ("/", "\u{fffd}"), ("a/\u{301}b", "\u{301}b"),
      ("a/x\u{1b}[m\\y\u{10ffff}", "x\u{fffd}[m\u{fffd}y\u{fffd}"),
    ] {
      #expect(ForeignFile(path: path, bytes: []).name.utf8.elementsEqual(name.utf8), "\(path)")
    }
    #expect(ForeignFile(path: "a/\u{301}b", bytes: []).folder == "a/")
    #expect(ForeignFile(path: "b", bytes: []).folder.isEmpty)
  }

  @Test(arguments: files)
  func `Is recognized by its content`(kind: ForeignKind, bytes: [UInt8]) {
    #expect(ForeignFile(path: "x", bytes: bytes).kind() == kind)
  }

  @Test func `That is no model is refused with its kind and the next step`() throws {
    func reason(_ bytes: [UInt8]) -> String {
      let error = #expect(throws: ImportError.self) {
        try ModelImporter.read(ForeignFile(path: "x", bytes: bytes), options: ImportOptions())
      }
      guard case .file("x", let reason)? = error else { return "\(String(describing: error))" }
      return reason
    }
    #expect(reason([0x80, 0x04, 0x95]).contains("a pickle, which can run code"))
    #expect(reason([]).contains("an empty file"))
    #expect(reason(zip([("data.pkl", [0x80, 0x04])])).contains("pickle at byte 2"))
    #expect(reason(Self.files[2].bytes).contains("a TensorFlow Lite model"))
    #expect(reason(Self.files[3].bytes).contains("git lfs pull"))
    #expect(reason(Self.files[4].bytes).contains("a web page"))
    #expect(reason([1, 2, 3, 4]).contains("expected a model saved by Keras"))
  }

  @Test func `That is not there, or is a folder, cannot be read`() {
    #expect(throws: ImportError.file(path: "/nonexistent.keras", reason: "No such file or directory")) {
      try ModelImporter.read(path: "/nonexistent.keras")
    }
    #expect(throws: ImportError.file(path: "/", reason: "a folder, expected a file")) {
      try ModelImporter.read(path: "/")
    }
  }
}
