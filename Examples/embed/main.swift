// swift run embed MODEL.xcw PHOTO PHOTO: how alike two photos are, from -1 to 1
import Foundation
import Xception

let arguments = CommandLine.arguments.dropFirst().map { URL(filePath: $0) }
guard arguments.count == 3 else {
  print("usage: embed MODEL.xcw PHOTO PHOTO")
  exit(64)
}

func dot(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

do {
  let classifier = try Classifier(contentsOf: arguments[0])
  let features = try arguments[1...].map { try classifier.classification(of: .file($0)).features }
  print(dot(features[0], features[1]) / (dot(features[0], features[0]) * dot(features[1], features[1])).squareRoot())
} catch {
  print(error)
  exit(1)
}
