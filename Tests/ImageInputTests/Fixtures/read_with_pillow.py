"""read_with_pillow.py OUT SOURCE...: copies pictures to OUT, each with what Pillow makes of it, for PeerTests.

A SOURCE is a folder of pictures, or pypng's pngsuite.py, which holds PngSuite. For NAME there is OUT/NAME.ppm: Pillow's
pixels upright and as convert("RGB") makes them, but for 16-bit gray, which is scaled; or OUT/NAME.refused, why Pillow
refuses it. NAME.truncated.ppm is what LOAD_TRUNCATED_IMAGES gives, where Pillow refuses the file without.
"""
import io, pathlib, signal, sys, warnings
import numpy as np
from PIL import Image, ImageFile, ImageOps

warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = 10_000_000  # twice that is an error
ENDINGS = ("jpg jpeg png apng webp gif bmp tif tiff heic avif pbm pgm ppm pnm pam mpo".split())
out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)


def pixels(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError("32-bit samples")
        return np.repeat((values * 255 + 32767)[..., None] // 65535, 3, 2).astype(np.uint8)
    return np.asarray(image.convert("RGB"))


def expect(name, data):
    result = pixels(data)
    (out / name).write_bytes(b"P6\n%d %d\n255\n" % result.shape[1::-1] + result.tobytes())


def give_up(*_):
    raise TimeoutError("10 seconds")


signal.signal(signal.SIGALRM, give_up)


def read(name, data):
    signal.alarm(10)  # some of Pillow's own images were made to take for ever
    (out / name).write_bytes(data)
    try:
        expect(name + ".ppm", data)
        signal.alarm(0)
        return
    except Exception as error:
        signal.alarm(10)
        (out / (name + ".refused")).write_text(f"{type(error).__name__}: {error}\n")
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        expect(name + ".truncated.ppm", data)
    except Exception:
        pass
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    signal.alarm(0)


for source in map(pathlib.Path, sys.argv[2:]):
    if source.suffix == ".py":
        sys.path.insert(0, str(source.parent))
        for name, data in __import__(source.stem).png.items():
            read(f"pngsuite-{name}.png", data)
    else:
        for path in sorted(source.rglob("*")):
            if path.is_file() and path.suffix[1:].lower() in ENDINGS and path.stat().st_size < 4_000_000:
                read(str(path.relative_to(source)).replace("/", "-"), path.read_bytes())
