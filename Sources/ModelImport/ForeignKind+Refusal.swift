import Files

extension ForeignKind {
  private static let readable =
    "expected a model saved by Keras (.keras or .h5), an ONNX model, weights of PyTorch (.safetensors or .pth), or a weights file (.xcw)"

  /// What is wrong with a zip file that holds no model.
  static func archiveRefusal(_ bytes: FileBytes) -> String {
    let archive: ZipArchive
    do throws(ImportError) {
      archive = try ZipArchive(bytes)
    } catch {
      return
        "a zip file, as .keras, .pth and .npz files are, that is cut short or damaged (\(error)); download or copy it again"
    }
    let isKeras = archive.names.contains { $0 == "config.json" || $0.hasPrefix("model.weights") }
    return isKeras ? incompleteKeras(archive.names) : Self.otherArchive.refusal
  }

  static func incompleteKeras(_ names: Set<String>) -> String {
    let missing = ["config.json", "model.weights.h5"].filter { !names.contains($0) }.joined(separator: " and ")
    return "a zip file like a .keras file but without \(missing); save the whole model with model.save(\"model.keras\")"
  }

  /// What the file is and what to do, for a kind that no reader reads.
  var refusal: String {
    switch self {
    case .weightFile, .kerasArchive, .hdf5, .onnx, .safetensors, .safetensorsIndex, .pyTorchArchive, .pyTorchPickle:
      "cannot be read"
    case .torchScript:
      "a TorchScript module, which holds code; save the weights alone with torch.save(model.state_dict(), ...)"
    case .pickle:
      "a pickle, which can run code when it is read; save a Keras model with model.save(\"model.keras\"), weights of PyTorch "
        + "with torch.save(model.state_dict(), \"weights.pth\")"
    case .tfLite:
      "a TensorFlow Lite model, whose training form is not in it; convert the Keras model that it was made from"
    case .savedModel:
      "a TensorFlow SavedModel; load it with tf.keras.models.load_model and save it with model.save(\"model.keras\")"
    case .tensorFlowGraph: "a frozen TensorFlow graph; save the Keras model that it was made from as .keras"
    case .numPy: "an array of NumPy; \(Self.readable)"
    case .otherArchive: "a zip archive of something else (no config.json with model.weights.h5); \(Self.readable)"
    case .gzip: "compressed by gzip; unpack it first (gunzip, or tar xzf)"
    case .gitLFSPointer:
      "a Git LFS pointer, not the file itself; fetch that with `git lfs pull`, or from the download link"
    case .html: "a web page, not a model; download the file itself (\"raw\" or \"download\")"
    case .json: "JSON text, which has no weights; save both together with model.save(\"model.keras\")"
    case .picture: "a picture; \(Self.readable)"
    case .tar: "a tar archive; unpack it first (tar xf)"
    case .sevenZip: "a 7z archive; unpack it first (7z x)"
    case .xz: "compressed by xz; unpack it first (unxz, or tar xJf)"
    case .rar: "a RAR archive; unpack it first (unrar x)"
    case .pdf: "a PDF document; \(Self.readable)"
    case .openVINO: "a model of OpenVINO (.xml), whose weights lie apart; convert the model that it was made from"
    case .prototxt:
      "a text of Protocol Buffers, such as Caffe's .prototxt, which has no weights; convert the model to ONNX"
    case .coreML: "a model of Core ML (.mlmodel); convert the model that it was made from"
    case .notebook: "a Jupyter notebook; run it, and give the model that it saves"
    case .empty: "an empty file; \(Self.readable)"
    case .unknown: "of an unknown kind; \(Self.readable)"
    }
  }
}
