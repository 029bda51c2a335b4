"""Makes keras-resizing/: photos as the layer Resizing of Keras 3 makes them, and by Pillow's LANCZOS: python make_keras_resizing.py

Needs Keras 3 with TensorFlow, and Pillow. Each NAME-WIDTHxHEIGHT-GEOMETRY-FILTER.i16 has little-endian 16-bit integers, 64 times
the value.
"""
import os, pathlib
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from PIL import Image

here = pathlib.Path(__file__).parent
folder = here / "keras-resizing"
folder.mkdir(exist_ok=True)
# Height and width. In the last one many places are equally near to two pixels of a photo of 200 x 150 or 120 x 140.
SIZES = [(9, 13), (14, 9), (12, 48)]
GEOMETRIES = {"stretch": {}, "crop": {"crop_to_aspect_ratio": True}, "pad": {"pad_to_aspect_ratio": True}}
FILTERS = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area"]


def write(name, size, geometry, filter):
    pixels = np.asarray(Image.open(here / f"photos/{name}").convert("RGB"), "f4")
    layer = keras.layers.Resizing(*size, interpolation=filter, **GEOMETRIES[geometry])
    values = np.rint(np.asarray(layer(pixels[None])[0], "f8") * 64).astype("<i2")
    stem = f"{name.split('.')[0]}-{size[1]}x{size[0]}-{geometry}-{filter}"
    (folder / f"{stem}.i16").write_bytes(values.tobytes())


for name in ["coffee.png", "chelsea.png"]:
    for size in SIZES:
        for geometry in GEOMETRIES:
            for filter in FILTERS:
                if size != SIZES[2] or filter == "nearest":
                    write(name, size, geometry, filter)
# A photo that is enlarged, 31 x 23.
for filter in FILTERS:
    write("coffee-crop.ppm", (33, 40), "stretch", filter)
for name in ["coffee.png", "coffee-crop.ppm"]:
    image = Image.open(here / f"photos/{name}").convert("RGB").resize((31, 30), Image.LANCZOS)
    (folder / f"{name.split('.')[0]}-31x30-pillow-lanczos3.i16").write_bytes((np.asarray(image).astype("<i2") * 64).tobytes())
