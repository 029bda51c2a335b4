// swift run classify MODEL.xcw PHOTO...
import Foundation
import Xception

let arguments = CommandLine.arguments.dropFirst().map { URL(filePath: $0) }
guard let model = arguments.first, arguments.count > 1 else { fatalError("usage: classify MODEL.xcw PHOTO...") }
let classifier = try Classifier(contentsOf: model)
for photo in arguments.dropFirst() {
  let best = try classifier.classify(imageAt: photo, top: 1)[0]
  print(photo.lastPathComponent, best.label ?? "class \(best.classIndex)", best.probability)
}
