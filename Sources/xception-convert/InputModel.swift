import ModelGraph
import ModelImport
import WeightFormat

/// The model to convert: one that Keras saved, or a weights file. Its contents tell which.
enum InputModel {
  /// - Parameter progress: Told what is being done and, where it is known, which part of it is.
  static func read(
    path: String, options: ImportOptions, progress: (_ stage: String, _ part: Double) -> Void
  ) throws -> Model {
    do {
      return try changed(WeightFile(contentsOf: path).model, options)
    } catch let error as WeightFormatError where error.isOfAnotherFormat {
      return try KerasImporter.read(path: path, options: options) { progress($0.rawValue, $1) }
    } catch let error as WeightFormatError {
      throw InputError(path: path, reason: "\(error)")
    } catch let error as GraphError {
      throw InputError(path: path, reason: "\(error)")
    }
  }

  /// Replaces what the options say; the rest stays, as does where the weights came from.
  private static func changed(_ model: Model, _ options: ImportOptions) throws -> Model {
    var model = model
    if let output = options.output, output != model.metadata.output {
      // The same values; only what they mean is stated anew.
      guard Set([output, model.metadata.output]) == [.classLogits, .labelLogits] else {
        throw GraphError(
          node: nil,
          reason: "the output is \(model.metadata.output.rawValue), which cannot be changed any more; "
            + "convert the model that the file was made from")
      }
      model.metadata.output = output
    }
    if let size = options.inputSize { model.graph = try model.graph.resized(to: size) }
    if let preprocessing = options.preprocessing { model.metadata.preprocessing = preprocessing }
    options.changePreprocessing(&model.metadata.preprocessing)
    if !options.labels.isEmpty {
      let outputs = model.graph.outputShape.elementCount
      guard options.labels.count == outputs || outputs == 1 && options.labels.count == 2 else {
        throw GraphError(
          node: nil, reason: "\(options.labels.count) labels, expected \(outputs), one for each output value")
      }
      model.metadata.labels = options.labels
    }
    if let license = options.license { model.metadata.license = license }
    if let attribution = options.attribution { model.metadata.attribution = attribution }
    model.metadata.converter = "xception-convert \(runtimeVersion)"
    return model
  }
}

private struct InputError: Error, CustomStringConvertible {
  var path: String
  var reason: String
  var description: String { "\(path): \(reason)" }
}

extension WeightFormatError {
  /// Whether it is for the importer to say what is wrong: the file has no signature, is empty or cannot be opened.
  fileprivate var isOfAnotherFormat: Bool {
    switch fault {
    case .signature, .system: true
    case .truncated: offset == 0
    default: false
    }
  }
}
