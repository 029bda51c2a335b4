"""Makes alpha/: pictures with and without alpha, what Keras makes of them for a network of four channels, such a network, and
what it says: python make_alpha.py

Needs Keras 3 with TensorFlow, and Pillow. Expected pixels are raw bytes, red, green, blue and alpha of each; expected values of
tf.image.resize are little-endian 16-bit integers, 64 times the value.
"""
import json, os, pathlib
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import keras
import tensorflow as tf
from PIL import Image

here = pathlib.Path(__file__).parent
folder = here / "alpha"
folder.mkdir(exist_ok=True)
# Height and width. Pillow 13 resizes columns first where the height shrinks much more than the width: not so here.
SIZES = [(19, 16), (31, 40), (9, 12)]
FILTERS = ["nearest", "bilinear", "bicubic"]

photo = Image.open(here / "photos/coffee-crop.ppm")
width, height = photo.size
x, y = np.meshgrid(np.arange(width), np.arange(height))
# From transparent to opaque, with a hard edge, and full range of what lies below it.
alpha = np.clip((x * 13 + y * 5) % 300, 0, 255).astype("u1")
alpha[y > 17] = 0
alpha[(x > 22) & (y < 10)] = 255
Image.merge("RGBA", [*photo.split(), Image.fromarray(alpha)]).save(folder / "cutout.png")
Image.merge("LA", [photo.convert("L"), Image.fromarray(alpha)]).save(folder / "gray.png")
photo.save(folder / "opaque.png")
# The same picture as the first, stored on its side: this runtime turns it upright.
cutout = Image.open(folder / "cutout.png")
exif = Image.Exif()
exif[0x0112] = 6
cutout.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.png", exif=exif)

for name in ["cutout", "gray", "opaque"]:
    for size in SIZES if name == "cutout" else SIZES[:1]:
        for filter in FILTERS:
            image = keras.utils.load_img(folder / f"{name}.png", color_mode="rgba", target_size=size, interpolation=filter)
            stem = f"{name}-{size[1]}x{size[0]}-{filter}"
            (folder / f"{stem}.rgba").write_bytes(np.asarray(image, "u1").tobytes())
            if name == "cutout" and filter != "nearest":
                pixels = tf.io.decode_image((folder / f"{name}.png").read_bytes(), channels=4)
                values = tf.image.resize(pixels, size, method=filter).numpy()
                (folder / f"{stem}-tf.i16").write_bytes(np.round(values * 64).astype("<i2").tobytes())

keras.utils.set_random_seed(7)
model = keras.Sequential([
    keras.Input((12, 16, 4)),
    keras.layers.Rescaling(1 / 127.5, offset=-1),
    keras.layers.Conv2D(8, 3, activation="relu"),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(3, activation="softmax", kernel_initializer=keras.initializers.RandomNormal(stddev=4)),
])
model.save(folder / "model.keras")
expected = {}
for name in ["cutout", "gray", "opaque"]:
    for filter in FILTERS:
        image = keras.utils.load_img(folder / f"{name}.png", color_mode="rgba", target_size=(12, 16), interpolation=filter)
        output = model(keras.utils.img_to_array(image)[None], training=False)
        expected[f"{name}-{filter}"] = np.asarray(output)[0].tolist()
(folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
