/// The statistics of ImageNet's colors by which networks scale their input.
package enum ImageNet {
  /// Of red, green and blue as values of 0 to 1, as torchvision's networks take them.
  package static let mean = [0.485, 0.456, 0.406]
  package static let standardDeviation = [0.229, 0.224, 0.225]
  /// Of blue, green and red as values of 0 to 255, as Caffe's networks take them.
  package static let caffeMean = [103.939, 116.779, 123.68]
}
