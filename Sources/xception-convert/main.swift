import ModelImport
import ModelGraph
for path in CommandLine.arguments.dropFirst() {
  let clock = ContinuousClock()
  do {
    var model: Model?
    let time = try clock.measure { model = try KerasImporter.read(path: path) }
    print(path, time, model!.graph.nodes.count, model!.graph.parameterCount, model!.metadata, model!.graph.nodes.map(\.name).prefix(12), model!.graph.outputShape)
  } catch { print(path, error) }
}
