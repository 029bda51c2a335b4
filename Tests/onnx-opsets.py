#!/usr/bin/env python3
"""Makes ONNX files of one network in each opset.

    Tests/onnx-opsets.py OUT

writes what Tests/torch-files.py reads: OUT/mobilenet_v3_small.opsetN.onnx for each opset from 7 to the newest that the package
`onnx` knows, as PyTorch's exporter writes it where it does, else as onnx.version_converter makes it of the nearest that it
writes. Needs torch, torchvision, onnx, Pillow.
"""

import json
import os
import sys

import numpy
import onnx
import torch
import torchvision
from onnx import version_converter
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


if len(sys.argv) != 2:
    sys.exit(__doc__)
os.makedirs(sys.argv[1], exist_ok=True)
write_opsets(sys.argv[1])
