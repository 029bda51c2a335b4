"""Makes the fixtures of ImageInputTests: python make_fixtures.py SKIMAGE_DATA

SKIMAGE_DATA is the folder skimage/data of scikit-image 0.18.3, for two photos (see LICENSE.txt). Needs NumPy, Pillow and TensorFlow.
Expected pixels are PPM files; expected values of tf.image.resize are little-endian 16-bit integers, 64 times the value.
"""
import os, pathlib, struct, sys, zlib
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import PIL, tensorflow as tf
from PIL import Image, ImageOps

here = pathlib.Path(__file__).parent
photos = pathlib.Path(sys.argv[1])
FILTERS = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}


def save_ppm(name, pixels):
    pixels = np.ascontiguousarray(pixels, np.uint8)
    path = here / (name + ".ppm")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"P6\n%d %d\n255\n" % (pixels.shape[1], pixels.shape[0]) + pixels.tobytes())


def write(name, data):
    path = here / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def scaled(samples, maximum):
    return (np.asarray(samples, np.int64) * 255 + maximum // 2) // maximum


def over_white(color, alpha):  # 8-bit values
    return (color.astype(int) * alpha[..., None] + 255 * (255 - alpha[..., None].astype(int)) + 127) // 255


def resize(image, size, filter):
    """Rows first: Pillow's order, except that Pillow 13 does columns first where the height shrinks much more."""
    if filter == Image.NEAREST:
        return image.resize(size, filter)
    return image.resize((size[0], image.height), filter).resize(size, filter)


def samples(height, width, channels, maximum, seed):
    """Samples with gradients, noise, and both ends of the range."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, maximum + 1, (height, width, channels))
    values[0, 0], values[-1, -1] = 0, maximum
    return values


# PNG: every color type and depth, plain and interlaced, with and without tRNS.
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(values, depth):
    rows = []
    for row in values.reshape(values.shape[0], -1):
        if depth == 16:
            rows.append(b"\0" + row.astype(">u2").tobytes())
        else:
            bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - depth:]
            rows.append(b"\0" + np.packbits(bits.reshape(-1)).tobytes())
    return b"".join(rows)


def png(values, color_type, depth, interlaced, extra=b""):
    height, width = values.shape[:2]
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    parts = (values[y::dy, x::dx] for y, x, dy, dx in passes)
    raster = b"".join(packed_rows(part, depth) for part in parts if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"gAMA", struct.pack(">I", 45455)) + extra
            + chunk(b"IDAT", zlib.compress(raster, 9)) + chunk(b"tEXt", b"Comment\0a test image") + chunk(b"IEND", b""))


def make_png():
    kinds = {"gray": (0, 1, (1, 2, 4, 8, 16)), "rgb": (2, 3, (8, 16)), "palette": (3, 1, (1, 2, 4, 8)),
             "gray-alpha": (4, 2, (8, 16)), "rgba": (6, 4, (8, 16))}
    for kind, (color_type, channels, depths) in kinds.items():
        for depth in depths:
            for has_trns in (False, True) if color_type in (0, 2, 3) else (False,):
                maximum = 2 ** depth - 1
                values = samples(11, 13, channels, maximum, depth * 10 + color_type)
                extra = b""
                if color_type == 3:
                    palette = np.random.default_rng(depth).integers(0, 256, (maximum + 1, 3)).astype(np.uint8)
                    extra = chunk(b"PLTE", palette.tobytes())
                    expected, alpha = palette[values[..., 0]], None
                    if has_trns:  # shorter than the palette: the rest is opaque
                        table = np.random.default_rng(depth + 1).integers(0, 256, max(1, maximum // 2)).astype(np.uint8)
                        extra += chunk(b"tRNS", table.tobytes())
                        alpha = np.append(table, np.full(maximum + 1 - len(table), 255))[values[..., 0]]
                else:
                    expected = scaled(values[..., :1] if channels < 3 else values[..., :3], maximum)
                    expected = np.broadcast_to(expected, (11, 13, 3))
                    alpha = scaled(values[..., -1], maximum) if channels in (2, 4) else None
                    if has_trns:
                        key = values[3, 4]
                        extra = chunk(b"tRNS", key.astype(">u2").tobytes())
                        alpha = np.where((values == key).all(-1), 0, 255)
                name = f"png/{kind}{depth}" + ("-trns" if has_trns else "")
                save_ppm(name, expected if alpha is None else over_white(expected, alpha))
                for interlaced in (0, 1):
                    write(name + ("-interlaced" if interlaced else "") + ".png", png(values, color_type, depth, interlaced, extra))


# Netpbm: each magic number, several maxima.
def make_netpbm():
    for magic, channels in (("P2", 1), ("P3", 3), ("P5", 1), ("P6", 3)):
        for maximum in (1, 100, 255, 256, 65535):
            values = samples(5, 7, channels, maximum, maximum)
            header = f"{magic} # a comment\n#another\n7\t5 #between\n{maximum}\n".encode()
            if magic in ("P2", "P3"):
                body = b"# of the raster\n" + " ".join(map(str, values.reshape(-1))).encode()
            else:
                body = values.astype(">u2" if maximum > 255 else "u1").tobytes()
            name = f"netpbm/{magic}-{maximum}"
            write(name + (".pgm" if channels == 1 else ".ppm").replace(".", ".file."), header + body)
            save_ppm(name, np.broadcast_to(scaled(values, maximum), (5, 7, 3)))
    types = {"BLACKANDWHITE": (1, (1,)), "GRAYSCALE": (1, (255, 1000)), "RGB": (3, (255, 65535)),
             "BLACKANDWHITE_ALPHA": (2, (1,)), "GRAYSCALE_ALPHA": (2, (255, 4095)), "RGB_ALPHA": (4, (255, 65535))}
    for kind, (depth, maxima) in types.items():
        for maximum in maxima:
            values = samples(5, 7, depth, maximum, maximum + depth)
            header = f"P7\n# a comment\nWIDTH 7\nHEIGHT 5\nDEPTH {depth}\nMAXVAL {maximum}\nTUPLTYPE {kind}\nENDHDR\n"
            name = f"netpbm/{kind}-{maximum}"
            write(name + ".file.pam", header.encode() + values.astype(">u2" if maximum > 255 else "u1").tobytes())
            eight = scaled(values, maximum)
            color = np.broadcast_to(eight[..., :1] if depth < 3 else eight[..., :3], (5, 7, 3))
            save_ppm(name, over_white(color, eight[..., -1]) if depth in (2, 4) else color)


# JPEG: color spaces, subsamplings, progressive, orientations. Expected as Pillow decodes.
def strip_adobe(data):
    at = data.index(b"\xff\xee")
    return data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2:at + 4])[0]:]


def make_jpeg(photo):
    small = photo.resize((45, 34), Image.BICUBIC)
    cmyk = Image.fromarray(np.concatenate([255 - np.asarray(small), np.asarray(small.convert("L"))[..., None] // 2], -1), "CMYK")
    cases = {
        "gray": (small.convert("L"), {}), "444": (small, {"subsampling": 0}), "422": (small, {"subsampling": 1}),
        "420": (small, {"subsampling": 2}), "progressive": (small, {"progressive": True}),
        "progressive-gray": (small.convert("L"), {"progressive": True}), "restarts": (small, {"restart_marker_rows": 1}),
        "rgb": (small, {"keep_rgb": True}), "cmyk": (cmyk, {}), "progressive-cmyk": (cmyk, {"progressive": True}),
    }
    for name, (image, options) in cases.items():
        path = here / "jpeg" / (name + ".jpg")
        path.parent.mkdir(exist_ok=True)
        image.save(path, quality=90, **options)
        save_ppm("jpeg/" + name, Image.open(path).convert("RGB"))
    data = (here / "jpeg/cmyk.jpg").read_bytes()
    at = data.index(b"\xff\xee") + 2 + 2 + 11
    assert data[at] == 0
    write("jpeg/ycck.jpg", data[:at] + b"\2" + data[at + 1:])
    save_ppm("jpeg/ycck", Image.open(here / "jpeg/ycck.jpg").convert("RGB"))
    write("jpeg/cmyk-plain.jpg", strip_adobe(data))
    save_ppm("jpeg/cmyk-plain", Image.open(here / "jpeg/cmyk-plain.jpg").convert("RGB"))
    tiny = photo.resize((21, 13), Image.BICUBIC)
    for orientation in range(1, 9):
        for order in ("<", ">") if orientation in (1, 6) else ("<",):
            name = f"orientation/{orientation}" + ("-big-endian" if order == ">" else "")
            (here / "orientation").mkdir(exist_ok=True)
            exif = Image.Exif()
            exif.endian = order
            exif[0x010F], exif[0x0112] = "maker", orientation
            tiny.save(here / (name + ".jpg"), quality=90, exif=exif)
            save_ppm(name, ImageOps.exif_transpose(Image.open(here / (name + ".jpg"))))
    exif = Image.Exif()
    exif[0x0112] = 8
    tiny.save(here / "orientation/8.png", exif=exif)
    save_ppm("orientation/8-png", ImageOps.exif_transpose(Image.open(here / "orientation/8.png")))


# Resizing, by Pillow and TensorFlow; the sources are Pillow's decoding of the photos.
def make_resized(name, photo):
    path = here / f"photos/{name}.jpg"
    path.parent.mkdir(exist_ok=True)
    photo.save(path, quality=88)
    source = Image.open(path).convert("RGB")
    source.save(here / f"photos/{name}.png", optimize=True)
    crop = source.crop((40, 30, 71, 53))
    if name == "coffee":
        save_ppm(f"photos/{name}-crop", crop)
    cases = [(name, source, ((31, 23), (19, 41)))]
    if name == "coffee":
        cases.append((name + "-crop", crop, ((40, 29), (31, 30), (12, 9))))
    for label, image, sizes in cases:
        for width, height in sizes:
            stem = f"resized/{label}-{width}x{height}-"
            for filter, number in FILTERS.items():
                save_ppm(stem + filter + "-pillow", resize(image, (width, height), number))
                for antialias in (False, True) if filter != "nearest" else (False,):
                    values = tf.image.resize(np.asarray(image), (height, width), filter, antialias=antialias).numpy()
                    fixed = np.rint(values.astype(np.float64) * 64).astype("<i2")
                    write(stem + filter + ("-tf-antialias" if antialias else "-tf") + ".i16", fixed.tobytes())
    # As torchvision's Resize and CenterCrop: the longer side's fraction is cut off, the offset rounded with round().
    for shorter, (width, height) in ((64, (57, 57)), (45, (40, 38)), (39, (39, 32))):
        w, h = source.size
        w, h = (shorter, int(shorter * h / w)) if w <= h else (int(shorter * w / h), shorter)
        left, top = int(round((w - width) / 2.0)), int(round((h - height) / 2.0))
        resized = resize(source, (w, h), Image.BICUBIC).crop((left, top, left + width, top + height))
        save_ppm(f"resized/{name}-short{shorter}-{width}x{height}-pillow", resized)


def make_nearest():
    """Lines of: image size, resized size, the image's pixel for each resized one, as Pillow takes them."""
    lines = []
    for size in (1, 2, 3, 7, 49, 100, 449, 562, 749, 750, 1000, 3024):
        for resized in (1, 3, 7, 10, 98, 150):
            ramp = Image.fromarray(np.arange(size, dtype=np.int32)[None])
            lines.append([size, resized, *np.asarray(ramp.resize((resized, 1), Image.NEAREST))[0]])
    write("nearest.txt", "\n".join(" ".join(map(str, line)) for line in lines).encode() + b"\n")


coffee = Image.open(photos / "coffee.png").convert("RGB").crop((130, 60, 530, 360)).resize((200, 150), Image.BICUBIC)
chelsea = Image.open(photos / "chelsea.png").convert("RGB").crop((80, 10, 320, 290)).resize((120, 140), Image.BICUBIC)
make_png()
make_netpbm()
make_jpeg(coffee)
make_resized("coffee", coffee)
make_resized("chelsea", chelsea)
make_nearest()
print("made with Pillow", PIL.__version__, "and TensorFlow", tf.__version__)
