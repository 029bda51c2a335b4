"""make_torch_fixtures.py [OUT [FUNCTION...]]: small networks of PyTorch and ONNX in each form that is read, with their outputs.

Writes Fixtures/torch (next to this script by default): NAME.onnx by both of torch's exporters, with initializers, attributes and
layouts as other writers leave them, NAME.safetensors, NAME.pth and NAME.legacy.pth, and expected.json: for each file the input's
size and PyTorch's (or ONNX Runtime's) output for the input of SplitMix64 numbers that the tests make (seed 1).
Needs: torch, torchvision, timm, efficientnet_pytorch, efficientnet_lite_pytorch, onnx, onnxscript, onnxruntime, safetensors."""
import json, os, re, sys, zipfile
import numpy as np, onnx, onnxruntime, torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "Fixtures", "torch")
EXPECTED = {}


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


def image(height, width):
    return torch.from_numpy(numbers(height * width * 3).reshape(1, height, width, 3)).permute(0, 3, 1, 2).contiguous()


def note(name, x, y):
    EXPECTED[name] = {"height": x.shape[2], "width": x.shape[3], "output": [float(v) for v in np.asarray(y).ravel()]}


def prepared(model, seed=3):
    torch.manual_seed(seed)
    for p in model.parameters(): p.data = torch.randn_like(p) * (0.4 if p.dim() > 1 else 0.2) + (0 if p.dim() > 1 else 0.5)
    for m in model.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean = torch.randn_like(m.running_mean) * 0.1; m.running_var = torch.rand_like(m.running_var) + 0.5
    return model.eval()


class Everything(nn.Module):
    """Windows, pads, shuffles, squeeze-and-excite, activations written out, layer normalization, flattening."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False); self.bn = nn.BatchNorm2d(8)
        self.deep = nn.Conv2d(8, 8, (3, 5), padding=(1, 2), groups=8)
        self.reduce = nn.Conv2d(8, 2, 1); self.expand = nn.Conv2d(2, 8, 1)
        self.dilated = nn.Conv2d(8, 8, 3, dilation=2, groups=2); self.slopes = nn.PReLU(8)
        self.norm = nn.LayerNorm(8); self.wide = nn.Linear(8, 12); self.narrow = nn.Linear(12, 8)
        self.scale = nn.Parameter(torch.zeros(8, 1, 1)); self.fc1 = nn.Linear(8 * 2 * 3, 10); self.fc2 = nn.Linear(10, 5)

    def forward(self, x):
        x = F.hardswish(self.bn(self.stem(x)))
        x = x + self.deep(x)
        s = x.mean((2, 3), keepdim=True)
        x = x * F.hardsigmoid(self.expand(F.silu(self.reduce(s))))
        n, c, h, w = x.shape
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        a, b = x.chunk(2, 1)
        x = torch.cat([F.avg_pool2d(a, 3, 1, 1), F.max_pool2d(b, 3, 1, 1)], 1)
        x = self.slopes(self.dilated(F.pad(x, (1, 2, 2, 1))))
        y = self.narrow(F.gelu(self.wide(self.norm(x.permute(0, 2, 3, 1)))))
        x = x + self.scale * y.permute(0, 3, 1, 2)
        x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        return F.softmax(self.fc2(F.elu(self.fc1(torch.flatten(x, 1)))), 1)


def strip(path):
    """Without the lines of source code that torch notes on each node."""
    model = onnx.load(path, load_external_data=False)
    for part in [model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer]:
        del part.metadata_props[:]; part.doc_string = ""
    open(path, "wb").write(model.SerializeToString())


def exported():
    model, x = prepared(Everything()), image(11, 14)
    with torch.no_grad(): y = model(x)
    for name, options in (("script.onnx", {"dynamo": False, "opset_version": 11}), ("script17.onnx", {"dynamo": False, "opset_version": 17}),
                          ("export.onnx", {"dynamo": True, "external_data": False}), ("external.onnx", {"dynamo": True, "external_data": True})):
        torch.onnx.export(model, (x,), os.path.join(OUT, name), input_names=["input"], output_names=["output"], verbose=False, **options)
        strip(os.path.join(OUT, name)); note(name, x, y)


def written(name, nodes, initializers, x, shape, opset=13, extra_inputs=()):
    """A model as another writer leaves it, with ONNX Runtime's output."""
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    inputs += [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in extra_inputs]
    graph = helper.make_graph(nodes, "small", inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    path = os.path.join(OUT, name); onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def layouts():
    """tf2onnx: an NHWC input of an open batch and a Transpose; initializers among the inputs; a dense layer after it all."""
    r = np.random.default_rng(5); t = lambda name, *s: numpy_helper.from_array((r.standard_normal(s) * .5).astype(np.float32), name)
    weights = [t("w", 4, 3, 3, 3), t("b", 4), t("d", 4 * 4 * 5, 3), t("e", 3)]
    nodes = [helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
             helper.make_node("Conv", ["t", "w", "b"], ["c"], strides=[2, 2], auto_pad="SAME_UPPER", name="conv"),
             helper.make_node("Relu", ["c"], ["r"]), helper.make_node("Transpose", ["r"], ["u"], perm=[0, 2, 3, 1]),
             helper.make_node("Reshape", ["u", "s"], ["f"]), helper.make_node("MatMul", ["f", "d"], ["m"]), helper.make_node("Add", ["m", "e"], ["y"])]
    shape = numpy_helper.from_array(np.array([-1, 80], np.int64), "s"); x = image(8, 10)
    y = written("nhwc.onnx", nodes, weights + [shape], x.permute(0, 2, 3, 1).numpy(), ["batch", 8, 10, 3], extra_inputs=weights)
    note("nhwc.onnx", x, y)


def quantized():
    """QuantizeLinear and DequantizeLinear: weights of 8 bits with a scale for each channel, values clipped to their range."""
    r = np.random.default_rng(6)
    w, scales = r.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8), (r.random(4) * .01 + .005).astype(np.float32)
    init = [numpy_helper.from_array(a, n) for n, a in {
        "w": w, "ws": scales, "wz": np.zeros(4, np.int8), "s": np.array(2**-16, np.float32), "z": np.array(0, np.uint16)}.items()]
    nodes = [helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["k"], axis=0), helper.make_node("Conv", ["x", "k"], ["c"], pads=[1, 1, 1, 1]),
             helper.make_node("QuantizeLinear", ["c", "s", "z"], ["q"]), helper.make_node("DequantizeLinear", ["q", "s", "z"], ["v"]),
             helper.make_node("GlobalAveragePool", ["v"], ["p"]), helper.make_node("Flatten", ["p"], ["y"])]
    x = image(7, 6); note("quantized.onnx", x, written("quantized.onnx", nodes, init, x.numpy(), [1, 3, 7, 6], opset=21))


class Block(nn.Module):
    def __init__(self, i, o, stride, groups):
        super().__init__()
        self.conv1 = nn.Conv2d(i, 4, 1, bias=False); self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 4, 3, stride, 1, groups=groups, bias=False); self.bn2 = nn.BatchNorm2d(4)
        self.conv3 = nn.Conv2d(4, o, 1, bias=False); self.bn3 = nn.BatchNorm2d(o)
        if i != o or stride > 1: self.downsample = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(y)) + (self.downsample(x) if hasattr(self, "downsample") else x))


class SmallResNeXt(nn.Module):
    """torchvision's names and structure at a width that fits here."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 7, 2, 3, bias=False); self.bn1 = nn.BatchNorm2d(6); i = 6
        for k, o in enumerate((8, 8, 10, 12), 1):
            setattr(self, f"layer{k}", nn.Sequential(Block(i, o, 1 if k == 1 else 2, 2), Block(o, o, 1, 2))); i = o
        self.fc = nn.Linear(12, 4)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for k in range(1, 5): x = getattr(self, f"layer{k}")(x)
        return self.fc(x.mean((2, 3)))


def dictionaries():
    model, x = prepared(SmallResNeXt()), image(224, 224)
    with torch.no_grad(): y = model(x)
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    save_file(state, os.path.join(OUT, "resnet.safetensors"))
    torch.save({f"module.{k}": v for k, v in state.items()}, os.path.join(OUT, "resnet.pth"))
    torch.save(model.state_dict(), os.path.join(OUT, "resnet.legacy.pth"), _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "state_dict": {k: nn.Parameter(v, requires_grad=False) for k, v in state.items()}}, os.path.join(OUT, "checkpoint.pth"))
    for name in ("resnet.safetensors", "resnet.pth", "resnet.legacy.pth", "checkpoint.pth"): note(name, x, y)
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    save_file(half, os.path.join(OUT, "half.safetensors"))
    model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in half.items()})
    with torch.no_grad(): note("half.safetensors", x, model(x))
    torch.save(nn.Sequential(nn.Linear(2, 2)), os.path.join(OUT, "module.pth"))


def checkpoints():
    """The weights of a training beside their running means, and a last layer in a Sequential, as fine-tuning makes one."""
    x = image(224, 224)
    model, mean = prepared(SmallResNeXt()), prepared(SmallResNeXt(), seed=4)
    torch.save({"epoch": 3, "state_dict": model.state_dict(), "state_dict_ema": mean.state_dict()}, os.path.join(OUT, "ema.pth"))
    with torch.no_grad(): note("ema.pth", x, mean(x))
    model.fc = nn.Sequential(nn.Dropout(0.2), model.fc).eval()
    torch.save(model.state_dict(), os.path.join(OUT, "dropout.pth"))
    with torch.no_grad(): note("dropout.pth", x, model(x))


def wrong():
    """Models that are wrong in one way each, which is their name."""
    value = lambda name, *s: helper.make_tensor_value_info(name, TensorProto.FLOAT, list(s))
    t = lambda name, *s: numpy_helper.from_array(np.ones(s, np.float32), name)

    def save(name, nodes, initializers=(), opset=13):
        graph = helper.make_graph(nodes, name, [value("x", 1, 3, 4, 4)], [value("y", 1, 2, 4, 4)], list(initializers))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        open(os.path.join(OUT, f"wrong-{name}.onnx"), "wb").write(model.SerializeToString())

    conv = lambda *inputs: helper.make_node("Conv", list(inputs), ["y"], name="last")
    save("cycle", [helper.make_node("Add", ["x", "b"], ["a"], name="first"), helper.make_node("Relu", ["a"], ["b"], name="second"), conv("b", "w")], [t("w", 2, 3, 1, 1)])
    save("missing-input", [conv("x", "nowhere")])
    save("bias-shape", [conv("x", "w", "b")], [t("w", 2, 3, 1, 1), t("b", 3)])
    save("kernel-shape", [conv("x", "w")], [t("w", 2, 4, 1, 1)])
    save("training", [helper.make_node("BatchNormalization", ["x", "s", "s", "s", "s"], ["y", "m", "v"], name="last", training_mode=1)], [t("s", 3)], opset=15)
    save("operation", [helper.make_node("NonMaxSuppression", ["x"], ["y"], name="last")])
    save("domain", [helper.make_node("FusedThing", ["x"], ["y"], name="last", domain="org.example")])
    short = t("w", 2, 3, 1, 1); short.raw_data = short.raw_data[:-4]; save("short-weights", [conv("x", "w")], [short])
    huge = t("w", 2, 3, 1, 1); del huge.dims[:]; huge.dims.extend([1 << 31, 1 << 31]); save("huge-weights", [conv("x", "w")], [huge])
    empty = t("w", 0); del empty.dims[:]; empty.dims.extend([1 << 32, 1 << 32, 0]); save("empty-weights", [conv("x", "w")], [empty])
    sizes = numpy_helper.from_array(np.array([1 << 32, 1 << 32, 0]), "s"); save("empty-constant", [helper.make_node("ConstantOfShape", ["s"], ["w"], name="made"), conv("x", "w")], [sizes])
    text = onnx.TensorProto(name="w", data_type=TensorProto.STRING, dims=[1], string_data=[b"a"]); save("text-weights", [conv("x", "w")], [text])
    save("opset", [conv("x", "w")], [t("w", 2, 3, 1, 1)], opset=6)


def normalizations():
    """AlexNet's normalization over neighboring channels, and one over each channel's image."""
    r = np.random.default_rng(8); t = lambda name, *s: numpy_helper.from_array((r.standard_normal(s) * .5).astype(np.float32), name)
    pool = [helper.make_node("GlobalAveragePool", ["b"], ["p"]), helper.make_node("Flatten", ["p"], ["y"])]
    x = image(5, 6)
    for name, node, more in (("response", helper.make_node("LRN", ["c"], ["b"], size=5, alpha=.5, beta=.75, bias=2.), []),
                             ("instance", helper.make_node("InstanceNormalization", ["c", "s", "o"], ["n"], epsilon=1e-3), [helper.make_node("Relu", ["n"], ["b"])])):
        init = [t("w", 7, 3, 3, 3), t("s", 7), t("o", 7)][:None if more else 1]
        nodes = [helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]), node, *more, *pool]
        note(name + ".onnx", x, written(name + ".onnx", nodes, init, x.numpy(), ["batch", 3, 5, 6]))


def calibrated():
    """What ONNX Runtime's own quantization leaves of a small network: one scale for each kernel, a zero point for values."""
    from onnxruntime import quantization
    r = np.random.default_rng(9); t = lambda name, *s: numpy_helper.from_array((r.standard_normal(s) * .5).astype(np.float32), name)
    nodes = [helper.make_node("Conv", ["x", "w", "v"], ["c"], pads=[1, 1, 1, 1]), helper.make_node("Relu", ["c"], ["a"]),
             helper.make_node("Conv", ["a", "u"], ["d"], group=1), helper.make_node("GlobalAveragePool", ["d"], ["p"]),
             helper.make_node("Flatten", ["p"], ["f"]), helper.make_node("Gemm", ["f", "g", "h"], ["y"], transB=1)]
    x = image(7, 6).numpy(); written("calibrated.onnx", nodes, [t("w", 8, 3, 3, 3), t("v", 8), t("u", 6, 8, 1, 1), t("g", 5, 6), t("h", 5)], x, [1, 3, 7, 6])

    class Inputs(quantization.CalibrationDataReader):
        given = iter([{"x": x}])
        def get_next(self): return next(self.given, None)

    path = os.path.join(OUT, "calibrated.onnx")
    quantization.quantize_static(path, path, Inputs(), quant_format=quantization.QuantFormat.QDQ, activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    note("calibrated.onnx", torch.from_numpy(x), session.run(None, {"x": x})[0])


TORCHVISION = """resnet18 resnext50_32x4d wide_resnet50_2 googlenet inception_v3 densenet121 squeezenet1_1 shufflenet_v2_x1_0 mobilenet_v2
mobilenet_v3_small mnasnet1_0 regnet_y_400mf convnext_tiny""".split()
TIMM = """efficientnet_b0 tf_efficientnet_lite0 mobilenetv3_small_100 regnety_002 vgg11_bn convnext_tiny mnasnet_small densenet121 xception41
xception65 legacy_xception resnetblur50""".split()


def shapes():
    """Names and shapes of whole networks, without the numbers, a line each: those of torchvision, of timm, and of the packages
    efficientnet_pytorch and efficientnet_lite_pytorch, with the auxiliary heads that they are trained with."""
    import efficientnet_lite_pytorch, efficientnet_pytorch, timm, torchvision
    networks = {}
    for name in TORCHVISION:
        extra = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        networks[name] = torchvision.models.get_model(name, weights=None, **extra).state_dict()
    for name in TIMM:
        networks["timm:" + name] = timm.create_model(name).state_dict()
    networks["efficientnet-b0"] = efficientnet_pytorch.EfficientNet.from_name("efficientnet-b0").state_dict()
    networks["efficientnet-lite0"] = efficientnet_lite_pytorch.EfficientNet.from_name("efficientnet-lite0").state_dict()
    # torchvision's own files have the names from before Python modules' names could have no dots.
    older = re.compile(r"(denselayer\d+\.(?:norm|conv))(\d)")
    networks["densenet121 of old"] = {older.sub(r"\1.\2", key): value for key, value in networks["densenet121"].items()}
    lines = []
    for name, values in networks.items():
        lines.append("# " + name)
        lines += [" ".join([key, *map(str, value.shape)]) for key, value in values.items() if not key.endswith("num_batches_tracked")]
    with zipfile.ZipFile(os.path.join(OUT, "shapes.zip"), "w") as archive:
        entry = zipfile.ZipInfo("shapes.txt")
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, "\n".join(lines) + "\n", compresslevel=9)


def main():
    """All, or those that are named after the folder; what they note is added to what is there."""
    os.makedirs(OUT, exist_ok=True)
    makers = [exported, layouts, quantized, dictionaries, checkpoints, wrong, normalizations, calibrated, shapes]
    named = [maker for maker in makers if maker.__name__ in sys.argv[2:]]
    path = os.path.join(OUT, "expected.json")
    if named and os.path.exists(path): EXPECTED.update(json.load(open(path)))
    for maker in named or makers: maker()
    json.dump(EXPECTED, open(path, "w"), indent=1, sort_keys=True)


main()
