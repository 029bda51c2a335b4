import ModelGraph
import Testing

@testable import ModelImport

@Suite("A Keras model is refused")
struct RefusalTests {
  private struct Change: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var old: String
    var new: String
    var layer: String
    var reason: String
  }

  private static let changes = [
    Change(
      testDescription: "a Lambda", old: #""class_name": "ELU""#, new: #""class_name": "Lambda""#, layer: "elu",
      reason: "a Lambda holds Python code"),
    Change(
      testDescription: "an unknown layer", old: #""class_name": "Softmax""#, new: #""class_name": "Attention""#,
      layer: "channel_softmax", reason: "the class Attention is not known; export the model to ONNX"),
    Change(
      testDescription: "a class from elsewhere", old: #""module": "keras.layers", "class_name": "Softmax""#,
      new: #""module": "os.path", "class_name": "Softmax""#, layer: "channel_softmax", reason: "module \"os.path\""),
    Change(
      testDescription: "a custom object", old: #""registered_name": null"#, new: #""registered_name": "Mine>Input""#,
      layer: "image", reason: "a custom object registered as \"Mine>Input\""),
    Change(
      testDescription: "an unknown activation", old: #""activation": "sigmoid""#, new: #""activation": "wavy""#,
      layer: "tail/conv_valid", reason: "the activation \"wavy\" is not known; export the model to ONNX"),
    Change(
      testDescription: "another axis", old: #""axis": -1"#, new: #""axis": 1"#, layer: "inner/bn",
      reason: "its axis is 1"),
    Change(
      testDescription: "a stride of 0", old: #""strides": [2, 2]"#, new: #""strides": [0, 2]"#,
      layer: "inner/conv_same", reason: "does not fit"),
    Change(
      testDescription: "a kernel of half a pixel", old: #""kernel_size": [3, 3]"#, new: #""kernel_size": [2.5, 3]"#,
      layer: "inner/conv_same", reason: "its kernel_size"),
    Change(
      testDescription: "a huge kernel", old: #""kernel_size": [3, 3]"#, new: #""kernel_size": [9e15, 3]"#,
      layer: "inner/conv_same", reason: "does not fit"),
    Change(
      testDescription: "more outputs than any tensor", old: #""units": 9"#, new: #""units": 9007199254740991"#,
      layer: "hidden", reason: "outputs, expected 1 to"),
    Change(
      testDescription: "a call of a layer that is not made", old: #""keras_history": ["relu", 0, 0]"#,
      new: #""keras_history": ["relu", 1, 0]"#, layer: "max_same",
      reason: "reads call 1 of \"relu\", which is called 1 times"),
    Change(
      testDescription: "a cycle", old: #""keras_history": ["image", 0, 0]"#,
      new: #""keras_history": ["logits", 0, 0]"#, layer: "inner", reason: "reads its own value"),
  ]

  private static let functions = [
    Change(
      testDescription: "a reflecting pad", old: #""mode": "constant""#, new: #""mode": "reflect""#, layer: "pad",
      reason: "a pad of the mode \"reflect\", expected constant"),
    Change(
      testDescription: "a pad of channels", old: "[[0, 0], [1, 2], [0, 1], [0, 0]]",
      new: "[[0, 0], [1, 2], [0, 1], [1, 0]]", layer: "pad",
      reason: "a pad of anything but the rows and columns of a map"),
    Change(
      testDescription: "a split of the batch", old: #""indices_or_sections": 3, "axis": -1"#,
      new: #""indices_or_sections": 3, "axis": 0"#, layer: "split", reason: "Split along axis 0 cannot be expressed"),
    Change(
      testDescription: "a split into unequal parts", old: #""indices_or_sections": 3"#,
      new: #""indices_or_sections": 4"#, layer: "split", reason: "Split of 6 into 4 cannot be expressed"),
    Change(
      testDescription: "a split in falling order", old: #""indices_or_sections": [2, 5]"#,
      new: #""indices_or_sections": [5, 2]"#, layer: "split_1", reason: "Split at [5, 2] of 6"),
    Change(
      testDescription: "a resizing with antialias", old: #""interpolation": "bicubic", "antialias": false"#,
      new: #""interpolation": "bicubic", "antialias": true"#, layer: "resize",
      reason: "a bicubic resizing with antialias cannot be expressed inside a network"),
    Change(
      testDescription: "a resizing by another filter", old: #""interpolation": "bicubic""#,
      new: #""interpolation": "gaussian""#, layer: "resize",
      reason: "its interpolation is \"gaussian\", expected nearest, bilinear, bicubic, lanczos3, lanczos5 or area"),
    Change(
      testDescription: "an area resizing to parts of positions", old: #""interpolation": "bicubic""#,
      new: #""interpolation": "area""#, layer: "resize", reason: "an area resizing of 6x6 to 5x7 cannot be expressed"),
    Change(
      testDescription: "a reshape of the batch", old: #""newshape": [-1, 4, 9, 6]"#, new: #""newshape": [1, 4, 9, 6]"#,
      layer: "reshape", reason: "a shape whose batch is 1, expected -1"),
    Change(
      testDescription: "a map without channels", old: #""axis": -1, "keepdims": true"#,
      new: #""axis": -1, "keepdims": false"#, layer: "sum",
      reason: "Sum of the channels without keepdims=True cannot be expressed"),
    Change(
      testDescription: "a mean of columns and channels", old: #""axis": 3, "keepdims": true"#,
      new: #""axis": [2, 3], "keepdims": true"#, layer: "mean", reason: "its axis is [2, 3], expected [1, 2]"),
    Change(
      testDescription: "another norm", old: #""order": 2"#, new: #""order": 1"#, layer: "normalize",
      reason: "normalizes by the order 1"),
    Change(
      testDescription: "a norm of two orders", old: #""order": 2"#, new: #""order": [2, 2]"#, layer: "normalize",
      reason: "its order is [2, 2], expected a number"),
    Change(
      testDescription: "a maximum from a number on", old: #""axis": -1, "keepdims": true, "initial": null"#,
      new: #""axis": -1, "keepdims": true, "initial": 0"#, layer: "max", reason: "its initial is 0, expected none"),
    Change(
      testDescription: "a pad of two numbers", old: #""constant_values": 1.5"#,
      new: #""constant_values": {"class_name": "__tensor__", "config": {"value": [1.5, 2], "dtype": "float32"}}"#,
      layer: "pad_1", reason: "its constant_values is an object of the class \"__tensor__\", expected a number"),
    Change(
      testDescription: "sizes of a split that do not add up", old: #""indices_or_sections": [2, 5]"#,
      new: #""num_or_size_splits": [2, 5]"#, layer: "split_1", reason: "Split of 6 into [2, 5] cannot be expressed"),
    Change(
      testDescription: "sizes of a split whose sum is no integer", old: #""indices_or_sections": [2, 5]"#,
      new: #""num_or_size_splits": ["#
        + Array(repeating: "9007199254740991", count: 1100).joined(separator: ", ") + "]",
      layer: "split_1", reason: "Split of 6 into a list cannot be expressed"),
    Change(
      testDescription: "a power of 0", old: #"}}, 3], "kwargs""#, new: #"}}, 0], "kwargs""#, layer: "power_2",
      reason: "a power of 0, expected a fraction, or a whole number from 1 to 64"),
    Change(
      testDescription: "a large power", old: #"}}, 3], "kwargs""#, new: #"}}, 65], "kwargs""#, layer: "power_2",
      reason: "a power of 65, expected a fraction, or a whole number from 1 to 64"),
    Change(
      testDescription: "a power of two tensors", old: #"}}, 3], "kwargs""#,
      new: #"}}, {"class_name": "__keras_tensor__", "config": {"shape": [null, 6, 6, 6], "dtype": "float32", "#
        + #""keras_history": ["conv2d", 0, 0]}}], "kwargs""#,
      layer: "power_2", reason: "a power of two tensors cannot be expressed"),
  ]

  private static let channels = [
    Change(
      testDescription: "a concatenation",
      old: #""Stack", "config": {"name": "stack", "axis": -1}, "registered_name": "Stack""#,
      new: #""Concatenate", "config": {"name": "stack", "axis": -1}, "registered_name": "Concatenate""#,
      layer: "stack", reason: "Concatenate of x[..., c], which has no axis of channels"),
    Change(
      testDescription: "a slice", old: #"["augmentation", 0, 0]}}, [{"class_name": "__ellipsis__", "config": {}}, 1]"#,
      new: #"["get_item", 0, 0]}}, [{"class_name": "__ellipsis__", "config": {}}, 1]"#,
      layer: "get_item_1", reason: "GetItem of x[..., c], which has no axis of channels"),
  ]

  private static let constants = [
    Change(
      testDescription: "a constant of more axes than the value beside it", old: "[[[0.75]]]", new: "[[[[0.75]]]]",
      layer: "multiply_1", reason: "Multiply of a constant of 4 axes and a tensor of 3"),
    Change(
      testDescription: "a base of more axes than its exponent", old: #"{"args": [2.0,"#,
      new: ##"{"args": [{"class_name": "__numpy__", "config": {"value": [[[[2.0]]]], "dtype": "float32"}},"##,
      layer: "power_1", reason: "Power of a constant of 4 axes and a tensor of 3"),
    Change(
      testDescription: "a constant for each column", old: "[[[[0.5, 2.0, 3.0]]]]", new: "[[[[0.5], [2.0], [3.0]]]]",
      layer: "multiply", reason: "Multiply of numbers that are neither one nor one a channel"),
    Change(
      testDescription: "a scaled sum of a channel with an axis and of one without",
      old: #""keras_history": ["get_item_1", 0, 0]"#, new: #""keras_history": ["get_item_2", 0, 0]"#,
      layer: "custom_scale_layer", reason: "CustomScaleLayer of x[..., c], which has no axis of channels"),
  ]

  @Test(arguments: changes)
  private func `With the layer's name for what it does not know`(change: Change) throws {
    try expectRefusal(of: "every_layer.keras", change)
  }

  @Test(arguments: functions)
  private func `With the function's name for what cannot be expressed`(change: Change) throws {
    try expectRefusal(of: "kinds/powers-keras3.keras", change)
  }

  @Test(arguments: channels)
  private func `Where axes are counted without that of the channels`(change: Change) throws {
    try expectRefusal(of: "kinds/mode_caffe-keras3.keras", change)
  }

  @Test(arguments: constants)
  private func `Where values of different numbers of axes meet`(change: Change) throws {
    try expectRefusal(of: "kinds/constants-keras3.keras", change)
  }

  @Test func `But not for a pad's number that comes as a tensor`() throws {
    let fixture = try Fixture("kinds/powers-keras3.keras")
    let tensor = #""constant_values": {"class_name": "__tensor__", "config": {"value": 1.5, "dtype": "float32"}}"#
    let model = try fixture.read(configuration: try fixture.configuration().with(#""constant_values": 1.5"#, tensor))
    let numbers = model.graph.nodes.compactMap { if case .pad(let pad) = $0.operation { pad.value } else { nil } }
    #expect(numbers.contains(1.5))
  }

  private func expectRefusal(of name: String, _ change: Change) throws {
    let fixture = try Fixture(name)
    let text = try fixture.configuration()
    // Only the first: later layers may have the same option.
    let range = try #require(text.range(of: change.old))
    let error = #expect(throws: ImportError.self) {
      try fixture.read(configuration: text.replacingCharacters(in: range, with: change.new))
    }
    guard case .layer(let layer, let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(layer == change.layer)
    #expect(reason.contains(change.reason), "\(reason)")
  }

  @Test func `Where it is no network of one input and one output`() throws {
    let fixture = try Fixture("every_layer.keras")
    let text = try fixture.configuration()
    #expect(
      throws: ImportError.options(
        reason: "the model has 2 outputs, \"probabilities\", \"logits\": name one with --output-layer")
    ) {
      try fixture.read(
        configuration: text.with(#"["probabilities", 0, 0]"#, #"[["probabilities", 0, 0], ["logits", 0, 0]]"#))
    }
    #expect(
      throws: ImportError.model(
        reason: "\"every_layer\": some layers take channels first, others last, which cannot be expressed")
    ) {
      let first = try #require(text.range(of: #""data_format": "channels_last""#))
      _ = try fixture.read(
        configuration: text.replacingCharacters(in: first, with: #""data_format": "channels_first""#))
    }
    #expect(throws: ImportError.self) { try fixture.read(configuration: "{}") }
    #expect(throws: ImportError.self) { try fixture.read(configuration: "[]") }
  }

  @Test func `With the layer's name for weights that are missing, surplus, misshapen or impossible`() throws {
    let fixture = try Fixture("every_layer.keras")
    let dense = "layers/dense/vars"
    let normalization = "layers/functional/layers/batch_normalization/vars"
    let original = try fixture.weights()
    #expect(try fixture.translate(weights: original).nodes.count > 30)
    let cases: [(path: String, change: (inout KerasGroup) -> Void, layer: String, reason: String)] = [
      (dense, { $0.arrays["1"] = nil }, "hidden", "holds 1 arrays, expected 2"),
      ("layers", { $0.groups["dense"] = nil }, "hidden", "missing"),
      (dense, { $0.arrays["2"] = $0.arrays["1"] }, "hidden", "holds 3 arrays"),
      (dense, { $0.arrays["0"]!.dimensions.swapAt(0, 1) }, "hidden", "has the dimensions"),
      (dense, { $0.change("0", 5, to: .nan) }, "hidden", "value 5 of \"layers/dense/vars/0\" is nan"),
      (dense, { $0.change("1", 0, to: -.infinity) }, "hidden", "is -inf"),
      (dense, { $0.attributes["name"] = ["logits"] }, "hidden", "is named \"logits\""),
      (normalization, { $0.change("3", 1, to: -0.5) }, "inner/bn", "variance 1 is -0.5"),
      (
        "layers",
        { $0.groups["lambda"] = KerasGroup(arrays: ["0": NamedArray(name: "x", dimensions: [], values: [0])]) },
        "x", "surplus"
      ),
    ]
    for (path, change, layer, reason) in cases {
      var changed = original
      changed.change(path, change)
      let error = #expect(throws: ImportError.self) { try fixture.translate(weights: changed) }
      guard case .weights(layer, let found)? = error else {
        Issue.record("\(String(describing: error)), expected \(layer): \(reason)")
        continue
      }
      #expect(found.contains(reason), "\(found)")
    }
  }
}

extension KerasGroup {
  fileprivate mutating func change(_ name: String, _ index: Int, to value: Float) {
    let array = arrays[name]!
    var values = try! array.values()
    values[index] = value
    arrays[name] = NamedArray(name: array.name, dimensions: array.dimensions, values: values)
  }
}
