#!/usr/bin/env python3
"""Makes ONNX files of one network in each opset, and of one whose weights and values are quantized.

    Tests/onnx-networks.py OUT [opsets] [quantized]

writes what Tests/torch-files.py reads: OUT/mobilenet_v3_small.opsetN.onnx for each opset from 7 to the newest that the package
`onnx` knows, as PyTorch's exporter writes it where it does, else as onnx.version_converter makes it of the nearest that it
writes; and OUT/resnet50.qdq.onnx, by onnxruntime.quantization, with weights of 8 bits for each channel and pairs of
QuantizeLinear and DequantizeLinear at all values. The expected output of the latter is ONNX Runtime's for the same file with
values that are clipped to the integers' range and not rounded, since that is what xception-convert says it computes; how far
ONNX Runtime's own integers are from it is printed. Needs torch, torchvision, onnx, onnxruntime, Pillow.
"""

import json
import os
import sys

import numpy
import onnx
import onnxruntime
import torch
import torchvision
from onnx import helper, numpy_helper, version_converter
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from PIL import Image

MEAN, STD, SIDE, SEED = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 224, 7
FIRST_OPSET = 7


def picture(seed):
    small = numpy.random.default_rng(seed).integers(0, 256, (SIDE // 8, SIDE // 8, 3), dtype=numpy.uint8)
    return numpy.asarray(Image.fromarray(small).resize((SIDE, SIDE), Image.BICUBIC))


def pixels(image):
    x = (image.astype(numpy.float32) / 255 - numpy.float32(MEAN)) / numpy.float32(STD)
    return numpy.ascontiguousarray(x.transpose(2, 0, 1)[None], dtype=numpy.float32)


def network(name):
    """With normalizations that have seen pictures and noise, and logits as far apart as a trained network's."""
    torch.manual_seed(SEED)
    model = torchvision.models.get_model(name, weights=None)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    momenta = [m.momentum for m in norms]
    for m in norms:
        m.momentum = 1.0
    noise = 2 * torch.rand(1, 3, SIDE, SIDE) - 1
    with torch.no_grad():
        model.train()(torch.cat([torch.from_numpy(pixels(picture(SEED + 100 + i))) for i in range(3)] + [noise]))
        for m, momentum in zip(norms, momenta):
            m.momentum = momentum
        model.eval()
        last = [m for m in model.modules() if isinstance(m, torch.nn.Linear)][-1]
        last.weight.mul_(4 / float(model(torch.from_numpy(pixels(picture(SEED)))).std()))
    return model


def write_facts(base, output):
    Image.fromarray(picture(SEED)).save(base + ".ppm")
    facts = {"source": "ONNX", "side": SIDE, "mean": MEAN, "std": STD, "output": output.astype(float).tolist()}
    with open(base + ".json", "w") as file:
        json.dump(facts, file)


def write_opsets(out):
    model = network("mobilenet_v3_small")
    x = torch.from_numpy(pixels(picture(SEED)))
    with torch.no_grad():
        output = model.double()(x.double())[0].numpy()
    model.float()
    exported = {}
    path = os.path.join(out, "exported.onnx")
    for opset in range(FIRST_OPSET, onnx.defs.onnx_opset_version() + 1):
        try:
            torch.onnx.export(model, (x,), path, opset_version=opset, dynamo=False)
            found = onnx.load(path)
            if found.opset_import[0].version == opset:
                exported[opset] = found
        except Exception as error:  # An exporter says in many ways that it does not know an opset.
            print("opset", opset, "is not exported:", str(error).splitlines()[0][:90], flush=True)
    os.remove(path)
    for opset in range(FIRST_OPSET, onnx.defs.onnx_opset_version() + 1):
        made = "exported"
        found = exported.get(opset)
        if found is None:
            nearest = min(exported, key=lambda other: abs(other - opset))
            found = version_converter.convert_version(exported[nearest], opset)
            made = f"converted from {nearest}"
        base = os.path.join(out, f"mobilenet_v3_small.opset{opset}")
        onnx.save(found, base + ".onnx")
        write_facts(base, output)
        print(f"opset {opset}: {made}, {len(found.graph.node)} nodes", flush=True)


class Pictures(CalibrationDataReader):
    def __init__(self, name):
        self.batches = iter([{name: pixels(picture(SEED + i))} for i in range(1, 5)])

    def get_next(self):
        return next(self.batches, None)


def clipped(model):
    """The same with a Clip for each pair of QuantizeLinear and DequantizeLinear at a value."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.node[:]
    renamed = {}
    for node in model.graph.node:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.input[:] = [renamed.get(name, name) for name in node.input]
        if node.op_type == "QuantizeLinear":
            scale, zero = constants[node.input[1]], constants[node.input[2]]
            info = numpy.iinfo(zero.dtype)
            limits = [numpy.float32((bound - int(zero)) * scale) for bound in (info.min, info.max)]
            names = [node.output[0] + "/low", node.output[0] + "/high"]
            for name, limit in zip(names, limits):
                result.graph.initializer.append(numpy_helper.from_array(limit, name))
            result.graph.node.append(helper.make_node("Clip", [copy.input[0]] + names, [node.output[0]]))
        elif node.op_type == "DequantizeLinear" and node.input[0] not in constants:
            renamed[node.output[0]] = copy.input[0]
        else:
            result.graph.node.append(copy)
    for output in result.graph.output:
        if output.name in renamed:
            result.graph.node.append(helper.make_node("Identity", [renamed[output.name]], [output.name]))
    return result


def run(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0][0]


def write_quantized(out):
    path, base = os.path.join(out, "float.onnx"), os.path.join(out, "resnet50.qdq")
    torch.onnx.export(network("resnet50"), (torch.from_numpy(pixels(picture(SEED))),), path, opset_version=17, dynamo=False)
    name = onnx.load(path, load_external_data=False).graph.input[0].name
    quantize_static(
        path, base + ".onnx", Pictures(name), quant_format=QuantFormat.QDQ, per_channel=True,
        weight_type=QuantType.QInt8, activation_type=QuantType.QUInt8)  # fmt: skip
    os.remove(path)
    model = onnx.load(base + ".onnx")
    x = pixels(picture(SEED))
    output, integers = run(clipped(model), x), run(model, x)
    write_facts(base, output)
    kinds = [node.op_type for node in model.graph.node]
    cosine = float(output @ integers / numpy.linalg.norm(output) / numpy.linalg.norm(integers))
    print(
        f"QDQ: {kinds.count('QuantizeLinear')} quantize, {kinds.count('DequantizeLinear')} dequantize; "
        f"cosine with ONNX Runtime's integers {cosine:.4f}")


MAKERS = {"opsets": write_opsets, "quantized": write_quantized}
if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(MAKERS):
    sys.exit(__doc__)
os.makedirs(sys.argv[1], exist_ok=True)
for name in sys.argv[2:] or MAKERS:
    MAKERS[name](sys.argv[1])
