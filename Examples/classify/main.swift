// swift run classify MODEL.xcw PHOTO...
import Foundation
import Xception

let arguments = CommandLine.arguments.dropFirst().map { URL(filePath: $0) }
guard arguments.count > 1 else {
  print("usage: classify MODEL.xcw PHOTO...")
  exit(64)
}
do {
  let classifier = try Classifier(contentsOf: arguments[0])
  for photo in arguments[1...] {
    let best = try classifier.classify(imageAt: photo, top: 1)[0]
    print(photo.lastPathComponent, best.label ?? "class \(best.classIndex)", best.probability)
  }
} catch {
  print(error)
  exit(1)
}
