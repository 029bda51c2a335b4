import ModelGraph

/// Xception and the variants that its paper measures (Chollet, "Xception: Deep Learning with Depthwise Separable
/// Convolutions", arXiv 1610.02357).
///
/// The default is the network of the paper's figure 5 as `keras.applications.Xception` builds it; where the figure and Keras
/// differ (which ReLUs a shortcut sees), Keras is followed. Nodes come in the order of Keras's `model.layers`, which is also
/// the order of weights in its files, and have its names:
///
/// - `block1_conv1`, `block1_conv1_bn`, `block1_conv1_act`, `block2_sepconv1_bn`, `block2_sepconv2_act`, `block2_pool`, `avg_pool`,
///   `predictions` as there;
/// - a separable convolution is two nodes, `block2_sepconv1/depthwise` and `block2_sepconv1/pointwise`, with
///   `block2_sepconv1/activation` between them where there is one;
/// - what Keras numbers automatically has the block's name: `block2_shortcut`, `block2_shortcut_bn`, `block2_add`;
/// - fully connected layers are `fc1`, `fc1_act`, ..., and the output's activation is `predictions_act`.
///
/// The dropout before the classifier (section 4.3) does nothing at inference and is left out.
package struct XceptionNetwork: Architecture, Hashable {
  /// Which of a separable convolution's two steps comes first (section 1.2).
  package enum Order: Hashable, Sendable, CaseIterable {
    /// Spatial convolution, then 1x1: the depthwise separable convolution of the frameworks.
    case depthwiseFirst
    /// 1x1, then spatial convolution: the "extreme" Inception module of figure 4.
    case pointwiseFirst
  }

  package let name = "Xception"
  /// The image: a map of any channel count; at least 7 pixels a side (Keras demands 71).
  package var input = Shape.map(height: 299, width: 299, channels: 3)
  package var top = Top.classifier(ClassifierHead())
  /// Between the two steps of each separable convolution; none is best (section 4.7).
  package var middleActivation = Activation.identity
  /// Whether blocks 2 to 13 add their input, through a 1x1 convolution where they shrink it (section 4.6).
  package var hasResiduals = true
  package var order = Order.depthwiseFirst
  /// Into how many independent segments the spatial convolutions cut their channels (section 1.2): 1 is a regular
  /// convolution, nil one for each channel, that is, depthwise. It must divide every width; 1, 2, 4 and 8 do in the full network.
  package var segments: Int? = nil
  /// All widths of convolutions are divided by this; 1 in the paper. For small networks of the same structure.
  package var widthDivisor = 1
  package var pixelScaling: PixelScaling { .outside(.tensorFlow) }

  package init() {}

  /// A narrower network of the same structure.
  package func variants(ofWidths widths: Set<Int>) -> [any Architecture] {
    [1, 2, 4, 8, 16, 32].filter { divisor in [32, 64, 728, 2048].allSatisfy { widths.contains($0 / divisor) } }.map {
      var variant = self
      variant.widthDivisor = $0
      return variant
    }
  }

  /// JFT: 17,000 independent labels after two layers of 4,096 units (section 4.1).
  package static var jft: XceptionNetwork {
    var network = XceptionNetwork()
    network.top = .classifier(ClassifierHead(classes: 17_000, fullyConnected: [4096, 4096], output: .sigmoid))
    return network
  }
}
