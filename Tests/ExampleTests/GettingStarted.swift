import Foundation
import Xception

// The code of Sources/Xception/Xception.docc/GettingStarted.md, word for word, so that it is compiled.

func describe(photo: URL, model: URL) throws {
  for prediction in try classify(photo, model: model) {
    print(prediction.label ?? "class \(prediction.classIndex)", prediction.probability)
  }
}

func label(_ photos: [URL], model: URL) async throws {
  let classifier = try Classifier(contentsOf: model)
  var remaining = photos[...]
  for await result in classifier.classify(photos.map { .file($0) }, top: 1) {
    let photo = remaining.removeFirst().lastPathComponent
    switch result {
    case .success(let classification): print(photo, classification.predictions[0].label ?? "?")
    case .failure(let error): print(photo, error)
    }
  }
}

func labels(of photos: [URL], model: URL) async throws -> [URL: String] {
  let classifier = try Classifier(contentsOf: model)
  return try await withThrowingTaskGroup(of: (URL, String?).self) { group in
    for photo in photos {
      group.addTask { (photo, try await classifier.classify(imageAt: photo, top: 1).first?.label) }
    }
    return try await group.reduce(into: [:]) { labels, result in labels[result.0] = result.1 }
  }
}

func similarity(_ first: URL, _ second: URL, classifier: Classifier) throws -> Float {
  let a = try classifier.classification(of: .file(first)).features
  let b = try classifier.classification(of: .file(second)).features
  func dot(_ x: [Float], _ y: [Float]) -> Float { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
  return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
}

func smallPhotosOnly(model: URL) throws -> Classifier {
  var options = Classifier.Options()
  options.decoding.limits.pixels = 12_000_000
  options.decoding.alpha = .black
  return try Classifier(contentsOf: model, options: options)
}

func caption(for photo: URL, by classifier: Classifier) -> String {
  do {
    return try classifier.classify(imageAt: photo, top: 1)[0].label ?? "?"
  } catch .image(.exceedsLimit(.pixels, let found, let limit), _) {
    return "\(found) pixels, at most \(limit) please"
  } catch .image(let error, _) {
    return "no photo: \(error)"
  } catch {
    return "\(error)"
  }
}

func highlight(_ label: String, in photo: URL, by classifier: Classifier) throws -> Data {
  let classification = try classifier.classification(of: .file(photo), heatmaps: true)
  let heatmap = try classification.heatmap(for: label)
  print("the \(label) is seen most at", heatmap.values.firstIndex(of: 1) ?? "no place", "of \(heatmap.values.count)")
  return Data(try heatmap.png(over: .file(photo)))
}

func values(of layer: String, for photo: URL, of classifier: Classifier) throws -> [Float] {
  let layer = try classifier.layer(named: layer)
  print(layer.shape)
  return try layer.values(for: .file(photo))
}

/// The README's example.
func printPredictions() throws {
  let classifier = try Classifier(contentsOf: URL(filePath: "model.xcw"))
  for prediction in try classifier.classify(imageAt: URL(filePath: "cup.jpg"), top: 3) {
    print(prediction.label ?? "?", prediction.probability)
  }
}
