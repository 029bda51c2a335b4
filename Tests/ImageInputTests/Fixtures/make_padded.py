"""Makes padded/: photos in the middle of black, as Keras 3 makes them: python make_padded.py

Needs Keras 3 with TensorFlow, and Pillow. `before` is the layer Resizing(pad_to_aspect_ratio=True); `after` is
image_dataset_from_directory(pad_to_aspect_ratio=True), or with antialias, which that has not, tf.image.resize_with_pad, by which
it is done. The values are little-endian 16-bit integers, 64 times the value.
"""
import os, pathlib, tempfile
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf
from PIL import Image

here = pathlib.Path(__file__).parent
folder = here / "padded"
folder.mkdir(exist_ok=True)
# Height and width.
SIZES = [(23, 31), (41, 19), (37, 37)]


def write(name, values):
    (folder / f"{name}.i16").write_bytes(np.rint(np.asarray(values, "f8") * 64).astype("<i2").tobytes())


def from_directory(photo, size, filter):
    with tempfile.TemporaryDirectory() as pictures:
        os.mkdir(pictures + "/class")
        Image.open(photo).save(pictures + "/class/0.png")
        dataset = keras.utils.image_dataset_from_directory(
            pictures, labels=None, image_size=size, interpolation=filter, pad_to_aspect_ratio=True, batch_size=None, verbose=False)
        return next(iter(dataset)).numpy()


for name in ["coffee", "chelsea"]:
    photo = here / f"photos/{name}.png"
    pixels = np.asarray(Image.open(photo).convert("RGB"), "f4")
    for size in SIZES:
        for filter in ["nearest", "bilinear", "bicubic"]:
            stem = f"{name}-{size[1]}x{size[0]}"
            layer = keras.layers.Resizing(*size, interpolation=filter, pad_to_aspect_ratio=True)
            write(f"{stem}-before-{filter}", layer(pixels[None])[0])
            write(f"{stem}-after-{filter}", from_directory(photo, size, filter))
    layer = keras.layers.Resizing(*SIZES[0], antialias=True, pad_to_aspect_ratio=True)
    write(f"{name}-31x23-before-bilinear-antialias", layer(pixels[None])[0])
    write(f"{name}-31x23-after-bilinear-antialias", tf.image.resize_with_pad(pixels, *SIZES[0], antialias=True))
