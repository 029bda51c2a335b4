#!/usr/bin/env python3
"""Makes state dictionaries of networks of torchvision and timm, with seeded weights and PyTorch's own output.

    Tests/torch-networks.py [--drawn] [--forms] OUT [NAME...]        all of LIST where none are named; NAME is timm:efficientnet_b0, say

For each: OUT/LIBRARY/NAME.safetensors, NAME.pth, NAME.ppm, a picture of the input's size, and NAME.json: what the network gives
for it under (pixel / 255 - mean) / std in 64 bits, as Tests/torch-files.py reads it, and how far 32 bits are from that, of the
largest logit (`noise`): a network whose noise is near the tolerance tells nothing. `cadene:xception` is timm's legacy_xception
under Cadene's names, with pointwise kernels of two dimensions. With --forms also NAME.legacy.pth, NAME.onnx by the TorchScript
exporter and NAME.dynamo.onnx by that of torch.export. With --drawn what normalizations do to the moments that they have is drawn
at random, so that values grow from layer to layer, and the output is in 32 bits. Needs torch, torchvision, timm, safetensors,
Pillow; for --forms also onnx and onnxscript.
"""

import json
import os
import sys

import numpy
import timm
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file

IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
SEED = 7

TORCHVISION = """squeezenet1_0 squeezenet1_1 shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0
mnasnet0_5 mnasnet0_75 mnasnet1_0 mnasnet1_3 mobilenet_v2 mobilenet_v3_small mobilenet_v3_large regnet_y_400mf regnet_y_800mf regnet_y_1_6gf
regnet_y_3_2gf regnet_y_8gf regnet_x_400mf regnet_x_800mf regnet_x_1_6gf regnet_x_3_2gf regnet_x_8gf efficientnet_b0 efficientnet_b1
efficientnet_b2 efficientnet_b3 efficientnet_b4 efficientnet_b5 efficientnet_b6 efficientnet_b7 densenet121 densenet169 densenet161 densenet201
googlenet inception_v3 resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d resnext101_64x4d wide_resnet50_2
wide_resnet101_2 convnext_tiny convnext_small convnext_base alexnet vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn""".split()
TIMM = """mobilenetv3_small_100 mobilenetv3_small_075 mobilenetv3_large_100 tf_mobilenetv3_small_100 tf_mobilenetv3_large_100
tf_mobilenetv3_small_minimal_100 tf_mobilenetv3_large_minimal_100 mobilenetv2_100 mobilenetv2_140 mnasnet_100 mnasnet_small
semnasnet_100 efficientnet_lite0 tf_efficientnet_lite0 tf_efficientnet_lite1 tf_efficientnet_lite2 tf_efficientnet_lite3 tf_efficientnet_lite4
efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 tf_efficientnet_b0 tf_efficientnet_b1 tf_efficientnet_b2
tf_efficientnet_b3 tf_efficientnet_b4 tf_efficientnet_b5 tf_efficientnet_b6 tf_efficientnet_b7 regnety_004 regnety_008 regnetx_004 regnetx_008
densenet121 densenet169 resnet18 resnet50 resnext50_32x4d wide_resnet50_2 inception_v3 tf_inception_v3 legacy_xception xception41 xception65
xception71 convnext_tiny convnext_small vgg11_bn vgg16""".split()
LIST = [f"torchvision:{name}" for name in TORCHVISION] + [f"timm:{name}" for name in TIMM] + ["cadene:xception"]


def picture_of(side, seed):
    small = numpy.random.default_rng(seed).integers(0, 256, (side // 8 + 1, side // 8 + 1, 3), dtype=numpy.uint8)
    return numpy.asarray(Image.fromarray(small).resize((side, side), Image.BICUBIC))


def network_input(picture, mean, std):
    x = (torch.from_numpy(picture.copy()).float() / 255 - torch.tensor(mean)) / torch.tensor(std)
    return x.permute(2, 0, 1)[None].contiguous()


def created(library, name):
    """The network, the side of its input, and the mean and the deviation of its pixels."""
    if library == "torchvision":
        extra = {"init_weights": True, "aux_logits": True} if name in ("inception_v3", "googlenet") else {}
        weights = torchvision.models.get_model_weights(name).DEFAULT if name.startswith("efficientnet") else None
        if name == "inception_v3":
            side = 299
        else:
            side = weights.transforms().crop_size[0] if weights else 224
        return torchvision.models.get_model(name, weights=None, **extra), side, IMAGENET
    model = timm.create_model("legacy_xception" if library == "cadene" else name, pretrained=False)
    facts = model.pretrained_cfg
    return model, facts["input_size"][-1], (list(facts["mean"]), list(facts["std"]))


def draw_affine(norms, generator):
    for m in norms:
        if m.affine:
            m.weight.data.copy_(0.8 + 0.4 * torch.rand(m.num_features, generator=generator))
            m.bias.data.copy_(-0.1 + 0.2 * torch.rand(m.num_features, generator=generator))


def take_moments(model, norms, batch):
    """Statistics as training leaves them, which keep the signal alive."""
    if not norms:
        return
    momenta = [m.momentum for m in norms]
    for m in norms:
        m.momentum = 1.0
    with torch.no_grad():
        model.train()(batch)
    for m, momentum in zip(norms, momenta):
        m.momentum = momentum


def build(library, name, is_drawn):
    torch.manual_seed(SEED)
    model, side, scale = created(library, name)
    generator = torch.Generator().manual_seed(SEED + 1)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    pictures = [network_input(picture_of(side, SEED + 100 + i), *scale) for i in range(4)]
    if is_drawn:
        take_moments(model, norms, torch.cat(pictures))
        draw_affine(norms, generator)
        return model.eval(), side, scale
    draw_affine(norms, generator)  # Before the statistics are taken, which then belong to these.
    # Pictures and noise: the file's own check runs on noise, which would grow beyond measure where nothing has seen it.
    noise = [2 * torch.rand(1, 3, side, side, generator=generator) - 1 for _ in range(2 if norms else 0)]
    take_moments(model, norms, torch.cat(pictures[:2] + noise))
    for parameter_name, parameter in model.named_parameters():  # Scales that begin as nearly nothing would hide their blocks.
        if parameter_name.endswith(("layer_scale", ".gamma")):
            parameter.data.copy_(0.5 + torch.rand(parameter.shape, generator=generator))
    model.eval()
    with torch.no_grad():  # Logits as far apart as a trained network's: their probabilities are what is compared.
        spread = float(model(network_input(picture_of(side, SEED), *scale)).std())
        last = [m for m in model.modules() if isinstance(m, (torch.nn.Linear, torch.nn.Conv2d))][-1]
        last.weight.data.mul_(4 / spread)
        if last.bias is not None:
            last.bias.data.mul_(4 / spread)
    return model, side, scale


def cadenes(state):
    """Pointwise kernels without their last two dimensions, and the classifier's other name."""
    result = {}
    for name, value in state.items():
        if "pointwise" in name or "skip.weight" in name:
            value = value[:, :, 0, 0].contiguous()
        result[name.replace("fc.", "last_linear.")] = value
    return result


def save_other_forms(model, state, pixels, base):
    torch.save(state, base + ".legacy.pth", _use_new_zipfile_serialization=False)
    for ending, options in ((".onnx", {"dynamo": False, "opset_version": 17}), (".dynamo.onnx", {"dynamo": True})):
        torch.onnx.export(model, (pixels,), base + ending, input_names=["input"], output_names=["output"], verbose=False, **options)


def main():
    arguments = [argument for argument in sys.argv[1:] if argument not in ("--drawn", "--forms")]
    if not arguments:
        sys.exit(__doc__)
    out, names = arguments[0], arguments[1:] or LIST
    is_drawn, has_forms = "--drawn" in sys.argv, "--forms" in sys.argv
    os.makedirs(out, exist_ok=True)
    for entry in names:
        library, name = entry.split(":")
        model, side, scale = build(library, name, is_drawn)
        folder = os.path.join(out, library)
        os.makedirs(folder, exist_ok=True)
        base = os.path.join(folder, name)
        picture = picture_of(side, SEED)
        Image.fromarray(picture).save(base + ".ppm")
        # In 64 bits: of networks with weights drawn at random, 32 bits give only three or four digits.
        state = {key: value.clone() for key, value in model.state_dict().items()}
        pixels = network_input(picture, *scale)
        with torch.no_grad():
            rounded = model(pixels)[0].double()
        if has_forms:
            save_other_forms(model, state, pixels, base)
        with torch.no_grad():
            output = model.double()(pixels.double())[0]
        noise = float((rounded - output).abs().max() / output.abs().max())
        facts = {
            "source": library, "side": side, "mean": scale[0], "std": scale[1], "output": (rounded if is_drawn else output).tolist(),
            "noise": noise,
        }
        with open(base + ".json", "w") as file:
            json.dump(facts, file)
        if library == "cadene":
            state = cadenes(state)
        save_file(state, base + ".safetensors")
        torch.save(state, base + ".pth")
        print(f"{entry} {side} {sum(p.numel() for p in model.parameters())} std {output.std():.4g} noise {noise:.1e}", flush=True)


main()
