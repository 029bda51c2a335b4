"""onnx-node-tests.py OUT: ONNX's own node tests (the PyPI package `onnx` makes them) for the operations that are read here.

A graph here has one input, so that a test's first floating-point input stays one and its others become initializers. For
each output of a test: OUT/NAME.onnx, NAME.in and NAME.out (32-bit floats in ONNX's order), and a line of OUT/list.tsv with
the name, the input's and the output's dimensions. The light models of the package lie there too, as light_NAME.
Run them with `XCEPTION_ONNX_NODE_TESTS=OUT swift test --filter ONNXNodeTests`."""
import argparse, os, re
import numpy as np, onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests
from onnx.backend.test.case.node import collect_testcases

OPERATIONS = """Conv ConvTranspose Gemm MatMul BatchNormalization InstanceNormalization LayerNormalization Relu Clip Sigmoid HardSigmoid
HardSwish LRN Elu Selu Gelu LeakyRelu PRelu ThresholdedRelu Tanh Erf Softplus Softsign Mish Swish Exp Log Sqrt Pow Neg Abs Reciprocal Add Sum Sub Mul Div
Max Min Concat Split Slice MaxPool AveragePool GlobalAveragePool GlobalMaxPool ReduceMean ReduceMax ReduceSum Flatten Reshape Squeeze Unsqueeze
Transpose Expand Softmax LogSoftmax LpNormalization Pad Resize Upsample Identity Dropout Cast CastLike QuantizeLinear DequantizeLinear""".split()
FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)


def write(out, lines, name, model, inputs, outputs):
    """One file for each output of a test, which then is the graph's first."""
    graph = model.graph
    free = [i for i in graph.input if i.name not in {t.name for t in graph.initializer}]
    image = next((k for k, i in enumerate(free) if i.type.tensor_type.elem_type in FLOATS), None)
    if image is None or len(inputs) != len(free) or any(not isinstance(x, np.ndarray) for x in list(inputs) + list(outputs)):
        return
    for k, (info, value) in enumerate(zip(free, inputs)):
        if k != image:
            graph.initializer.append(numpy_helper.from_array(value, info.name))
    for k, (info, value) in enumerate(zip(list(graph.output), outputs)):
        if value.dtype not in (np.float32, np.float64, np.float16): continue
        variant = onnx.ModelProto(); variant.CopyFrom(model)
        del variant.graph.output[:]
        variant.graph.output.append(info)
        case = name if len(outputs) == 1 else f"{name}_output{k}"
        open(os.path.join(out, case + ".onnx"), "wb").write(variant.SerializeToString())
        np.asarray(inputs[image], np.float32).tofile(os.path.join(out, case + ".in"))
        np.asarray(value, np.float32).tofile(os.path.join(out, case + ".out"))
        sizes = lambda x: "x".join(map(str, x.shape)) or "1"
        lines.append(f"{case}\t{sizes(inputs[image])}\t{sizes(value)}")


def light_models(out, lines):
    folder = os.path.join(os.path.dirname(onnx.backend.test.__file__), "data", "light")
    for file in sorted(os.listdir(folder)):
        if not file.endswith(".onnx"): continue
        model = onnx.load(os.path.join(folder, file))
        tensor = onnx.TensorProto(); tensor.ParseFromString(open(os.path.join(folder, file[:-5] + "_output_0.pb"), "rb").read())
        names = {t.name for t in model.graph.initializer}
        info = next(i for i in model.graph.input if i.name not in names)
        shape = [d.dim_value for d in info.type.tensor_type.shape.dim]
        # The package's runner fills inputs so.
        x = np.arange(np.prod(shape), dtype=np.float64).reshape(shape) / np.prod(shape)
        write(out, lines, file[:-5], model, [x.astype(np.float32)], [numpy_helper.to_array(tensor)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", metavar="OUT", help="the folder to write into; it is made where it is missing")
    out = parser.parse_args().out; os.makedirs(out, exist_ok=True); lines = []
    prefixes = {re.sub(r"[^a-z0-9]", "", name.lower()) for name in OPERATIONS}
    for case in collect_testcases(None):
        if case.kind != "node" or case.model is None: continue
        operations = {n.op_type for n in case.model.graph.node}
        wanted = operations <= set(OPERATIONS) or any(
            re.sub(r"[^a-z0-9]", "", case.name[5:]).startswith(p) and case.name.endswith("expanded") for p in prefixes)
        if not wanted: continue
        for inputs, outputs in case.data_sets or []:
            write(out, lines, case.name, case.model, [x for x in inputs], [y for y in outputs])
    light_models(out, lines)
    open(os.path.join(out, "list.tsv"), "w").write("".join(line + "\n" for line in sorted(set(lines))))
    print(len(lines), "tests")


main()
