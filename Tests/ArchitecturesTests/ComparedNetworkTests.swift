import Architectures
import ModelGraph
import TestSupport
import Testing

@Suite("The networks that the paper compares with")
struct ComparedNetworkTests {
  @Test(arguments: [
    (ComparedNetwork.vgg16, 138_357_544), (.resNet152, 60_419_944), (.inceptionV3, 23_851_784),
  ])
  func `have the parameters that Keras counts`(network: ComparedNetwork, parameters: Int) throws {
    let graph = try network.graph(weights: DimensionsOnly.tensor)
    #expect(graph.parameterCount == parameters)
    #expect(graph.outputShape == .vector(1000))
  }

  @Test(arguments: [
    (ComparedNetwork.vgg16, 14_714_688, 512), (.resNet152, 58_370_944, 2048), (.inceptionV3, 21_802_784, 2048),
  ])
  func `with and without fully connected layers`(
    network: ComparedNetwork, convolutions: Int, features: Int
  ) throws {
    let without = try network.graph(fullyConnected: [], weights: DimensionsOnly.tensor)
    #expect(without.parameterCount == convolutions + (features + 1) * 1000)
    // VGG-16 flattens 7 x 7 positions before its own.
    let inputs = network == .vgg16 ? 49 * 512 : features
    let with = try network.graph(classes: 17_000, fullyConnected: [4096, 4096], weights: DimensionsOnly.tensor)
    #expect(with.parameterCount == convolutions + (inputs + 1) * 4096 + 4097 * 4096 + 4097 * 17_000)
  }
}
