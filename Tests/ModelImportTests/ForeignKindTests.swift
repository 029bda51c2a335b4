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
    (.tar, [UInt8](repeating: 0x61, count: 257) + Array("ustar".utf8) + [UInt8](repeating: 0, count: 250)),
    (.sevenZip, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]),
    (.xz, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]),
    (.rar, Array("Rar!".utf8) + [0x1a, 7, 1, 0]),
    (.pdf, Array("%PDF-1.7\n".utf8)),
    (.openVINO, Array("<?xml version=\"1.0\"?>\n<net name=\"x\" version=\"11\">".utf8)),
    (.prototxt, Array("name: \"CaffeNet\"\nlayer {".utf8)),
    // specificationVersion 4, a description, a neuralNetwork (500).
    (.coreML, [0x08, 4, 0x12, 1, 0x78, 0xa2, 0x1f, 0]),
    (.notebook, Array(#"{"cells": [{"cell_type": "code"}]}"#.utf8)),
    (.safetensors, [99, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\"".utf8)),
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
    #expect(reason(zip([("config.json", [])])).contains("without model.weights.h5; save the whole model"))
    #expect(reason(zip([("model.weights.h5", [])])).contains("without config.json;"))
    let whole = zip([("config.json", []), ("model.weights.h5", [])])
    let cut = reason(Array(whole.dropLast(30)))
    #expect(cut.contains("cut short or damaged") && cut.contains("download or copy it again"))
    #expect(
      reason([99, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\"".utf8)).contains("a header of 99 bytes, of which 4 are there"))
    let lying = Array(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#.utf8)
    let short = reason([UInt8(lying.count), 0, 0, 0, 0, 0, 0, 0] + lying + [0, 0])
    #expect(short.contains("a safetensors file whose array \"a\"") && short.contains("download or copy it again"))
    let keras = try Fixture("sequential.h5").bytes
    let half = reason(Array(keras[..<(keras.count / 2)]))
    #expect(half.contains("an HDF5 file (.h5)") && half.contains("the file is truncated") && half.contains("again"))
    #expect(reason(Array("%PDF-1.7".utf8)).contains("a PDF document; expected a model"))
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
