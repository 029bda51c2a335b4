"""make_onnx_operators.py [OUT]: a small ONNX model with an output for each operator that is read, and what ONNX Runtime computes.

Writes Fixtures/operators.onnx and operators.json next to this script: the names of the outputs, each the case of an operator in
a form that other fixtures or networks may lack, with their values for the input of SplitMix64 numbers that the tests make (seed 1).
Needs: numpy, onnx, onnxruntime."""
import json, os, sys
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "Fixtures")
HEIGHT, WIDTH, OPSET = 7, 6, 20
RANDOM = np.random.default_rng(5)
NODES, CONSTANTS, OUTPUTS = [], {}, []


def numbers(count, seed=1):
    """The tests' input: the upper 24 bits of SplitMix64's numbers, times 2^-23, minus 1."""
    mask, state, values = (1 << 64) - 1, seed, []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
        values.append(((z ^ z >> 31) >> 40) * 2.0**-23 - 1)
    return np.array(values, np.float32)


def constant(values, name=None):
    values = np.asarray(values, np.float32) if np.asarray(values).dtype == np.float64 else np.asarray(values)
    name = name or f"constant{len(CONSTANTS)}"
    CONSTANTS[name] = values
    return name


def weights(*shape):
    return constant(RANDOM.normal(0, 0.5, shape))


def node(kind, inputs, count=1, **attributes):
    outputs = [f"value{len(NODES)}_{k}" for k in range(count)]
    NODES.append(helper.make_node(kind, list(inputs), outputs, name=f"{kind}{len(NODES)}", **attributes))
    return outputs[0] if count == 1 else outputs


def case(name, value):
    """An output that is called after its operator."""
    NODES.append(helper.make_node("Identity", [value], [name], name="output_" + name))
    OUTPUTS.append(name)


IMAGE = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])
x = node("Conv", ["image", weights(4, 3, 3, 3), weights(4)])  # 1 x 4 x 5 x 4
positive = node("Add", [node("Abs", [x]), constant(0.5)])
vector = node("Flatten", [node("GlobalAveragePool", [x])])  # 1 x 4


def products():
    case("Conv_grouped", node("Conv", [x, weights(6, 2, 3, 3)], group=2, pads=[1, 1, 1, 1]))
    case("Conv_dilated", node("Conv", [x, weights(4, 4, 2, 2)], dilations=[2, 2]))
    case("Conv_auto_pad", node("Conv", [x, weights(4, 4, 3, 2), weights(4)], auto_pad="SAME_LOWER", strides=[2, 2]))
    case("Conv_auto_pad_upper", node("Conv", [x, weights(4, 1, 3, 3)], auto_pad="SAME_UPPER", group=4, strides=[2, 1]))
    case("ConvTranspose", node("ConvTranspose", [x, weights(4, 3, 3, 3), weights(3)], strides=[2, 2], pads=[1, 0, 1, 1]))
    case("Gemm", node("Gemm", [vector, weights(5, 4), weights(5)], alpha=0.5, beta=2.0, transB=1))
    case("MatMul", node("MatMul", [vector, weights(4, 6)]))
    case("MatMul_map", node("MatMul", [node("Transpose", [x], perm=[0, 2, 3, 1]), weights(4, 6)]))


def normalizations():
    moments = [weights(4), weights(4), weights(4), constant(RANDOM.uniform(0.5, 1.5, 4))]
    case("BatchNormalization", node("BatchNormalization", [x] + moments, epsilon=0.01))
    case("InstanceNormalization", node("InstanceNormalization", [x, weights(4), weights(4)], epsilon=0.01))
    last = node("Transpose", [x], perm=[0, 2, 3, 1])
    case("LayerNormalization", node("LayerNormalization", [last, weights(4), weights(4)], axis=-1))
    case("LpNormalization", node("LpNormalization", [x], axis=1, p=2))
    case("LRN", node("LRN", [x], size=3, alpha=0.1, beta=0.75, bias=2.0))
    case("Softmax", node("Softmax", [x], axis=1))
    case("Softmax_rows", node("Softmax", [x], axis=2))
    case("Softmax_vector", node("Softmax", [vector]))
    case("LogSoftmax", node("LogSoftmax", [x], axis=1))


def activations():
    for kind in "Relu Sigmoid HardSigmoid HardSwish Elu Selu LeakyRelu Tanh Erf Softplus Softsign Exp Neg Abs Mish Gelu".split():
        case(kind, node(kind, [x]))
    for kind in "Sqrt Log Reciprocal".split():
        case(kind, node(kind, [positive]))
    case("Clip", node("Clip", [x, constant(-0.25), constant(0.75)]))
    case("Clip_low", node("Clip", [x, constant(0.1)]))
    case("PRelu", node("PRelu", [x, weights(4, 1, 1)]))
    case("ThresholdedRelu", node("ThresholdedRelu", [x], alpha=0.3))
    case("Gelu_by_tanh", node("Gelu", [x], approximate="tanh"))
    half = node("Mul", [x, constant(0.5)])
    gauss = node("Add", [node("Erf", [node("Div", [x, constant(2**0.5)])]), constant(1.0)])
    case("Gelu_written_out", node("Mul", [half, gauss]))


def arithmetic():
    other = node("Conv", ["image", weights(4, 3, 3, 3)])
    column = node("GlobalMaxPool", [x])
    for kind in "Add Sub Mul Div Max Min".split():
        case(kind, node(kind, [x, positive if kind == "Div" else other]))
        case(kind + "_channels", node(kind, [x, constant(RANDOM.uniform(0.5, 1.5, (4, 1, 1)))]))
        case(kind + "_position", node(kind, [column, x] if kind == "Sub" else [x, column]))
    case("Sum", node("Sum", [x, other, positive]))
    case("Max_of_three", node("Max", [x, other, constant(0.2)]))
    for exponent in (0.5, 2.0, 3.0, 1.7):
        case(f"Pow_{exponent}", node("Pow", [positive, constant(exponent)]))


def pools():
    case("MaxPool", node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]))
    case("MaxPool_ceil", node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1))
    case("MaxPool_dilated", node("MaxPool", [x], kernel_shape=[2, 2], dilations=[2, 1]))
    case("AveragePool", node("AveragePool", [x], kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1]))
    case("AveragePool_counting", node("AveragePool", [x], kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1))
    case("AveragePool_same", node("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER"))
    case("GlobalAveragePool", node("GlobalAveragePool", [x]))
    case("GlobalMaxPool", node("GlobalMaxPool", [x]))
    case("ReduceMean", node("ReduceMean", [x, constant([2, 3])], keepdims=0))
    case("ReduceMean_channels", node("ReduceMean", [x, constant([1])]))
    case("ReduceMax", node("ReduceMax", [x, constant([2, 3])]))
    case("ReduceMax_channels", node("ReduceMax", [x, constant([1])]))
    case("ReduceSum", node("ReduceSum", [x, constant([2, 3])], keepdims=0))


def dimensions():
    case("Flatten", node("Flatten", [x]))
    case("Reshape", node("Reshape", [x, constant(np.array([0, 2, -1, 4]))]))
    case("Squeeze", node("Squeeze", [node("GlobalMaxPool", [x]), constant([2, 3])]))
    case("Unsqueeze", node("Mul", [x, node("Unsqueeze", [vector, constant([2, 3])])]))
    case("Transpose", node("Transpose", [x], perm=[0, 2, 3, 1]))
    five = node("Reshape", [x, constant(np.array([1, 2, 2, 5, 4]))])
    case("Transpose_shuffle", node("Reshape", [node("Transpose", [five], perm=[0, 2, 1, 3, 4]), constant(np.array([1, 4, 5, 4]))]))
    case("Expand", node("Expand", [x, constant(np.array([1, 1, 5, 4]))]))
    # Sizes that the exporters compute from the value's own.
    size = node("Slice", [node("Shape", [x]), constant([2]), constant([4])])
    rows = node("Gather", [node("Shape", [x]), constant(np.array(2))], axis=0)
    rest = node("Ceil", [node("Div", [node("Cast", [rows], to=TensorProto.FLOAT), constant(2.0)])])
    pads = node("Concat", [constant([0, 0, 0, 0, 0, 0]), node("Reshape", [node("Cast", [rest], to=TensorProto.INT64), constant([1])]), constant([1])], axis=0)
    case("Shape_Gather_Ceil_Concat", node("Pad", [x, pads]))
    case("Shape_Slice", node("Reshape", [x, node("Concat", [constant([1, -1]), size], axis=0)]))


def parts():
    case("Concat", node("Concat", [x, positive], axis=1))
    case("Concat_vectors", node("Concat", [vector, node("Neg", [vector])], axis=1))
    for k, part in enumerate(node("Split", [x, constant([1, 3])], count=2, axis=1)):
        case(f"Split_{k}", part)
    case("Split_equal", node("Split", [x], count=2, axis=3, num_outputs=2)[1])
    case("Slice", node("Slice", [x, constant([1, 1]), constant([3, -1]), constant([1, 2])]))
    # Ends beyond the dimension, and before its last value.
    for name, axis, bounds in [("rows", 2, (0, 9)), ("columns", 3, (1, 9)), ("channels", 1, (1, -1))]:
        case("Slice_steps_" + name, node("Slice", [x, *(constant([bound]) for bound in bounds), constant([axis]), constant([2])]))
    patches = node("Slice", [x, constant([0, 1]), constant([5, 4]), constant([2, 3]), constant([2, 3])])
    case("Slice_steps_twice", patches)
    case("Slice_steps_vector", node("Slice", [vector, constant([0]), constant([9]), constant([1]), constant([3])]))
    flat = node("Transpose", [node("Flatten", [x], axis=2)], perm=[1, 0])
    case("Slice_steps_flat", node("Slice", [flat, constant([1]), constant([99]), constant([0]), constant([3])]))
    case("Gather", node("Gather", [x, constant(np.array([1, 2]))], axis=1))
    for mode in ("reflect", "edge", "wrap"):
        case("Pad_" + mode, node("Pad", [x, constant([0, 0, 2, 1, 0, 0, 1, 3])], mode=mode))
    case("Pad_reflect_rows", node("Pad", [x, constant([2, 2]), "", constant([2])], mode="reflect"))
    case("Pad", node("Pad", [x, constant([0, 0, 1, 2, 0, 0, 0, 1]), constant(0.5)]))
    case("Resize_nearest", node("Resize", [x, "", constant([1.0, 1, 2, 2])], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"))
    case("Resize_linear", node("Resize", [x, "", "", constant([1, 4, 9, 8])], mode="linear", coordinate_transformation_mode="half_pixel"))


def nothings():
    case("Identity", node("Identity", [x]))
    case("Dropout", node("Dropout", [x]))
    case("Cast", node("Cast", [x], to=TensorProto.FLOAT))
    case("CastLike", node("CastLike", [x, positive]))
    NODES.append(helper.make_node("Constant", [], ["two"], value=numpy_helper.from_array(np.float32(2))))
    case("Constant", node("Mul", [x, "two"]))
    scale, zero = constant(RANDOM.uniform(0.01, 0.02, 3)), constant(np.zeros(3, np.int8))
    kernel = node("DequantizeLinear", [constant(RANDOM.integers(-127, 128, (3, 4, 1, 1)).astype(np.int8)), scale, zero], axis=0)
    case("DequantizeLinear", node("Conv", [x, kernel]))


def refused():
    """Forms that cannot be expressed: their names say nothing of what is expected, which the tests know."""
    case("refused_Expand", node("Expand", [node("GlobalMaxPool", [x]), constant(np.array([1, 4, 3, 2]))]))
    case("refused_Gather", node("Gather", [x, constant(np.array([2, 0]))], axis=1))
    case("refused_Slice", node("Slice", [x, constant([-1]), constant([-9]), constant([2]), constant([-2])]))
    case("refused_Pad", node("Pad", [x, constant([0, 1, 0, 0, 0, 0, 0, 0])], mode="reflect"))
    cubic = dict(mode="cubic", coordinate_transformation_mode="half_pixel")
    case("refused_Resize_policy", node("Resize", [x, "", "", constant([1, 4, 9, 9])], keep_aspect_ratio_policy="not_larger", mode="linear"))
    case("refused_Resize", node("Resize", [x, "", "", constant([1, 4, 9, 8])], **cubic))
    case("refused_Pow", node("Pow", [x, constant(5.0)]))
    case("refused_BatchNormalization", node("BatchNormalization", [x] + [constant(np.ones(4))] * 4, count=3, training_mode=1)[0])


def quantized():
    scale, zero = constant(RANDOM.uniform(0.004, 0.01, 3)), constant(np.zeros(3, np.int8))
    integers = node("QuantizeLinear", [weights(3, 4, 1, 1), scale, zero], axis=0)
    case("QuantizeLinear_of_weights", node("Conv", [x, node("DequantizeLinear", [integers, scale, zero], axis=0)]))
    bytes_of_x = node("QuantizeLinear", [x, constant(0.02), constant(np.array(9, np.uint8))])
    case("refused_DequantizeLinear", node("DequantizeLinear", [bytes_of_x, constant(0.04), constant(np.array(9, np.uint8))]))
    case("refused_QuantizeLinear", node("Cast", [bytes_of_x], to=TensorProto.FLOAT))


def padded_pools():
    border = node("Pad", [x, constant([0, 0, 1, 1, 0, 0, 1, 1])])
    counting = dict(kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1, ceil_mode=1)
    case("Pad_AveragePool_ceil", node("AveragePool", [border], **counting))
    lowest = node("Pad", [x, constant([0, 0, 1, 1, 0, 0, 1, 1]), constant(-np.inf)])
    case("Pad_MaxPool_ceil", node("MaxPool", [lowest], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1))
    wide = node("Pad", [x, constant([0, 0, 0, 0, 0, 0, 4, 3])])
    same = dict(kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER")
    case("Pad_AveragePool_same", node("AveragePool", [node("Pad", [x, constant([0, 0, 1, 0, 0, 0, 1, 1])])], **same))
    case("Pad_ReduceSum", node("ReduceSum", [border, constant([2, 3])], keepdims=0))
    case("Pad_AveragePool_ceil_beyond", node("AveragePool", [wide], kernel_shape=[2, 2], strides=[4, 4], ceil_mode=1))


def heads():
    probabilities, others = node("Softmax", [vector], axis=1), node("Softmax", [node("Neg", [vector])], axis=1)
    both = node("Add", [probabilities, others])
    case("head_mean", node("Div", [both, constant(2.0)]))
    case("head_sum", both)
    case("head_product", node("Mul", [probabilities, others]))
    case("head_clip", node("Clip", [probabilities, constant(1e-7), constant(1 - 1e-7)]))
    case("head_logarithm", node("Log", [probabilities]))
    case("head_exponential", node("Exp", [node("LogSoftmax", [vector], axis=1)]))
    case("head_flat", node("Flatten", [node("Sigmoid", [node("GlobalAveragePool", [x])])]))
    case("head_behind", node("Gemm", [node("Sigmoid", [vector]), weights(4, 3)]))


NODES.append(helper.make_node("Cast", [node("Squeeze", [node("ArgMax", [vector], axis=1), constant([1])])], ["class"], to=TensorProto.INT32))
NODES.append(helper.make_node("Add", ["class", constant(np.array([1], np.int32))], ["next_class"]))
for topic in (products, normalizations, activations, arithmetic, pools, dimensions, parts, nothings, refused, quantized, padded_pools, heads):
    topic()
graph = helper.make_graph(
    NODES, "operators", [IMAGE], [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in OUTPUTS]
    + [helper.make_tensor_value_info(name, TensorProto.INT32, None) for name in ("class", "next_class")],
    [numpy_helper.from_array(v.astype(np.int64) if v.dtype == int else v, k) for k, v in CONSTANTS.items()])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
image = numbers(HEIGHT * WIDTH * 3).reshape(1, HEIGHT, WIDTH, 3).transpose(0, 3, 1, 2)
values = session.run(OUTPUTS + ["class"], {"image": np.ascontiguousarray(image)})
open(os.path.join(OUT, "operators.onnx"), "wb").write(model.SerializeToString())
with open(os.path.join(OUT, "operators.json"), "w") as file:
    json.dump({name: [float(f"{v:.8g}") for v in value.ravel()] for name, value in zip(OUTPUTS + ["class"], values) if not name.startswith("refused")}, file, indent=0)
    file.write("\n")
print(len(OUTPUTS), "cases,", os.path.getsize(os.path.join(OUT, "operators.onnx")), "bytes")
