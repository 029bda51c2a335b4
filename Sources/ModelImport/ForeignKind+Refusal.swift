extension ForeignKind {
  private static let readable =
    "expected a model saved by Keras (.keras or .h5), an ONNX model, weights of PyTorch (.safetensors or .pth), or a weights file (.xcw)"

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
    case .empty: "an empty file; \(Self.readable)"
    case .unknown: "of an unknown kind; \(Self.readable)"
    }
  }
}
