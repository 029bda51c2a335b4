import ModelGraph
import WeightFormat

extension ModelImporter {
  /// A weights file already: what the options say is replaced; the rest stays, as does where the weights came from.
  static func readWeightFile(_ file: ForeignFile, _ options: ImportOptions) throws(ImportError) -> Result {
    var model: Model
    do throws(WeightFormatError) {
      // By its path where it has one, so that tensors are read from the file on demand.
      model = try WeightFile(contentsOf: file.path).model
    } catch {
      throw file.error("\(error)")
    }
    if let stated = options.statedOutput { model.metadata.output = stated }
    if let output = options.output, output != model.metadata.output {
      // The same values; only what they mean is stated anew.
      guard Set([output, model.metadata.output]) == [.classLogits, .labelLogits] else {
        throw file.error(
          "the output is \(model.metadata.output.rawValue), which cannot be changed any more; "
            + "convert the model that the file was made from")
      }
      model.metadata.output = output
    }
    if let size = options.inputSize {
      do throws(GraphError) {
        model.graph = try model.graph.resized(to: size)
      } catch {
        throw file.error("\(error)")
      }
    }
    var known = ForeignModel(graph: model.graph, architecture: model.metadata.architecture)
    known.preprocessing = .stated(model.metadata.preprocessing)
    let preprocessing = try preprocessing(of: known, options).0
    if preprocessing != model.metadata.preprocessing { model.metadata.assumptions = [] }
    model.metadata.preprocessing = preprocessing
    if !options.labels.isEmpty { model.metadata.labels = try labels(options.labels, of: model.graph) }
    if let license = options.license { model.metadata.license = license }
    if let attribution = options.attribution { model.metadata.attribution = attribution }
    model.metadata.converter = converter
    return Result(model: model, notes: [])
  }
}
