/// Where in a picture a network sees a class: a grid of values over the part of the picture that the network is given.
///
/// Each is from 0 to 1: negative values, where the picture speaks against the class, count as 0, and the others are divided by
/// the largest. So does Keras's example of Grad-CAM ("Grad-CAM class activation visualization"), whose heatmaps these are within
/// rounding where ``method-swift.property`` is ``Method-swift.enum/activationMap``.
public struct Heatmap: Hashable, Sendable {
  /// How the values were found.
  public enum Method: String, Hashable, Sendable, CaseIterable {
    /// The class activation map (Zhou et al. 2016, "Learning Deep Features for Discriminative Localization"; Selvaraju et al.
    /// 2017, "Grad-CAM"): the channels of the network's last map, each times the gradient of the class's score by its mean.
    /// For networks that end in global average pooling and dense layers, as most do; it costs no more than the classification.
    case activationMap = "activation-map"
    /// How far the class's odds fall where a gray patch hides a part of the picture (Zeiler and Fergus 2014, "Visualizing and
    /// Understanding Convolutional Networks"), in logarithms of odds. For all other networks, such as VGG; it costs as much as
    /// classifying 196 pictures, or fewer where the input is not square.
    case occlusion
  }

  /// The index of the class that it is of.
  public let classIndex: Int
  /// The name of the class, where the model file has labels.
  public let label: String?
  public let method: Method
  /// The columns of the grid.
  public let width: Int
  /// The rows of the grid.
  public let height: Int
  /// Rows from the top, each of `width` values from 0 to 1. All are 0 where no part of the picture speaks for the class.
  public let values: [Float]
  /// What the values were divided by: the largest of them before, or 0. Heatmaps of one picture for several classes compare
  /// by it.
  public let largest: Float
  let frame: Frame

  /// How pictures become the input that the grid lies over.
  struct Frame: Hashable, Sendable {
    var geometry: Preprocessing.Geometry
    var height: Int
    var width: Int
    var decoding: DecodingOptions
  }

  /// - Parameter values: Before negative ones are dropped and the rest is divided by the largest.
  init(
    _ values: [Double], width: Int, height: Int, method: Method, classIndex: Int, label: String?, frame: Frame
  ) {
    let largest = max(values.max() ?? 0, 0)
    self.values = values.map { largest > 0 ? Float(max($0, 0) / largest) : 0 }
    self.largest = Float(largest)
    self.width = width
    self.height = height
    self.method = method
    self.classIndex = classIndex
    self.label = label
    self.frame = frame
  }
}
