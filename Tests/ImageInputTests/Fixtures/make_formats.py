"""Makes the fixtures in formats/: python make_formats.py. Needs NumPy, Pillow with WebP and AVIF, and pillow-heif.

Each NAME.EXT has its expected pixels in NAME.EXT.ppm: upright, over white. Those of hand-made files are what was put in,
the others what Pillow reads. The picture is photos/coffee-crop.ppm.
"""
import io, pathlib, struct
import numpy as np
import PIL, pillow_heif
from PIL import Image, ImageOps

pillow_heif.register_heif_opener()
here = pathlib.Path(__file__).parent
out = here / "formats"
out.mkdir(exist_ok=True)
photo = Image.open(here / "photos/coffee-crop.ppm").convert("RGB")  # 31 x 23
rgb = np.asarray(photo)
height, width = rgb.shape[:2]
ramp = (np.add.outer(np.arange(height) * 7, np.arange(width) * 3) % 256).astype(np.uint8)
rgba = np.dstack([rgb, ramp])


def save(name, data, expected):
    expected = np.ascontiguousarray(expected, np.uint8)
    (out / name).write_bytes(data)
    (out / (name + ".ppm")).write_bytes(b"P6\n%d %d\n255\n" % expected.shape[1::-1] + expected.tobytes())


def over_white(pixels):
    color, alpha = pixels[..., :3].astype(int), pixels[..., 3:].astype(int)
    return (color * alpha + 255 * (255 - alpha) + 127) // 255


def by_pillow(name, image, format, **options):
    data = io.BytesIO()
    image.save(data, format, **options)
    read = ImageOps.exif_transpose(Image.open(io.BytesIO(data.getvalue())))
    save(name, data.getvalue(), over_white(np.asarray(read.convert("RGBA"))))


def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block


def make_webp():
    by_pillow("lossy.webp", photo, "WEBP", quality=90)
    by_pillow("lossy-alpha.webp", Image.fromarray(rgba, "RGBA"), "WEBP", quality=90)
    by_pillow("lossless.webp", photo, "WEBP", lossless=True)
    by_pillow("lossless-alpha.webp", Image.fromarray(rgba, "RGBA"), "WEBP", lossless=True, exact=True)
    by_pillow("animated.webp", photo, "WEBP", save_all=True, append_images=[photo.rotate(180)], lossless=True)
    for orientation in range(1, 9):
        by_pillow(f"orientation-{orientation}.webp", photo, "WEBP", quality=80, exif=exif(orientation))


def make_gif():
    indexed = photo.quantize(32)
    by_pillow("plain.gif", indexed, "GIF", interlace=0)
    by_pillow("interlaced.gif", indexed, "GIF", interlace=1)
    by_pillow("gray.gif", photo.convert("L"), "GIF", interlace=0)
    by_pillow("transparent.gif", indexed, "GIF", transparency=int(np.asarray(indexed)[5, 5]), interlace=0)
    by_pillow("animated.gif", indexed, "GIF", save_all=True, append_images=[indexed.rotate(180)], interlace=0)
    # The image in the middle of a larger canvas, whose rest is transparent.
    data = bytearray((out / "plain.gif").read_bytes())
    data[6:10] = struct.pack("<HH", width + 9, height + 6)
    at = data.index(b"\x2c" + struct.pack("<HHHH", 0, 0, width, height))
    data[at + 1:at + 5] = struct.pack("<HH", 5, 2)
    expected = np.full((height + 6, width + 9, 3), 255, np.uint8)
    expected[2:2 + height, 5:5 + width] = np.asarray(indexed.convert("RGB"))
    save("offset.gif", bytes(data), expected)


def packed(values, bits):
    rows = []
    for row in values:
        flags = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - bits:]
        rows.append(np.packbits(flags.reshape(-1)).tobytes())
    return rows


def bmp(bits, rows, palette=b"", header=40, compression=0, masks=b"", top_down=False, data=None, colors=0):
    body = data or b"".join(row + b"\0" * (-len(row) % 4) for row in (rows if top_down else rows[::-1]))
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits, compression,
                           len(body), 2835, 2835, colors, 0)
    info += masks
    info += b"\0" * (header - len(info))
    start = 14 + len(info) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start) + info + palette + body


def make_bmp():
    colors = np.random.default_rng(1).integers(0, 256, (256, 3)).astype(np.uint8)
    for bits in (1, 2, 4, 8):
        values = ramp >> (8 - bits)
        quads = b"".join(bytes(c[::-1]) + b"\0" for c in colors[:1 << bits])
        save(f"palette{bits}.bmp", bmp(bits, packed(values, bits), quads), colors[values])
        if bits != 2:
            triples = b"".join(bytes(c[::-1]) for c in colors[:1 << bits])
            save(f"core{bits}.bmp", bmp(bits, packed(values, bits), triples, header=12), colors[values])
    values = ramp >> 3
    few = b"".join(bytes(c[::-1]) + b"\0" for c in colors[:32])
    save("palette8-of-32.bmp", bmp(8, packed(values, 8), few, colors=32), colors[values])
    rows = [row[:, ::-1].tobytes() for row in rgb]
    save("rgb24.bmp", bmp(24, rows), rgb)
    save("rgb24-core.bmp", bmp(24, rows, header=12), rgb)
    save("rgb24-top-down.bmp", bmp(24, rows, top_down=True), rgb)
    for header in (52, 56, 64, 108, 124):
        save(f"rgb24-header{header}.bmp", bmp(24, rows, header=header), rgb)
    quads = [np.dstack([row[None, :, ::-1], np.full((1, width, 1), 9)]).astype(np.uint8).tobytes() for row in rgb]
    save("rgb32.bmp", bmp(32, quads), rgb)
    wide = rgba.astype(np.uint32)
    alpha = (wide[..., 3] << 24) | (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]
    for header in (56, 108, 124):
        masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
        save(f"rgba32-header{header}.bmp", bmp(32, [row.astype("<u4").tobytes() for row in alpha], header=header,
                                               compression=3, masks=masks), over_white(rgba))
    swapped = (wide[..., 2] << 24) | (wide[..., 1] << 16) | (wide[..., 0] << 8)
    masks = struct.pack("<III", 0xFF00, 0xFF0000, 0xFF000000)
    save("rgb32-fields.bmp", bmp(32, [row.astype("<u4").tobytes() for row in swapped], compression=3, masks=masks), rgb)
    def scaled(*bits):
        return np.dstack([(wide[..., i] >> (8 - b)) * 255 // ((1 << b) - 1) for i, b in enumerate(bits)])
    short = (wide[..., 0] >> 3 << 10) | (wide[..., 1] >> 3 << 5) | (wide[..., 2] >> 3)
    save("rgb16.bmp", bmp(16, [row.astype("<u2").tobytes() for row in short]), scaled(5, 5, 5))
    short = (wide[..., 0] >> 3 << 11) | (wide[..., 1] >> 2 << 5) | (wide[..., 2] >> 3)
    save("rgb16-565.bmp", bmp(16, [row.astype("<u2").tobytes() for row in short], compression=3,
                              masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)), scaled(5, 6, 5))
    make_run_lengths(colors)


def make_run_lengths(colors):
    for bits in (4, 8):
        values = (ramp >> 4).repeat(3, axis=1)[:, :width]
        values[3, 4:9] = 0
        data = b""
        for y, row in enumerate(values[::-1]):
            if height - 1 - y == 3:  # runs around pixels that are passed over, by a delta of five to the right
                data += run(row[:4], bits) + b"\0\2\5\0" + run(row[9:], bits)
            elif y % 2:  # as they are, but for the first three
                rest = row[3:]
                literal = rest.astype(np.uint8).tobytes() if bits == 8 else packed(rest[None], 4)[0]
                data += run(row[:3], bits) + bytes([0, len(rest)]) + literal + b"\0" * (len(literal) % 2)
            else:
                data += run(row, bits)
            data += b"\0\0"
        palette = b"".join(bytes(c[::-1]) + b"\0" for c in colors[:1 << bits])
        save(f"rle{bits}.bmp", bmp(bits, [], palette, compression=3 - bits // 4, data=data + b"\0\1"), colors[values])


def run(row, bits):
    data = b""
    for value in row:
        data += bytes([1, value if bits == 8 else int(value) << 4])
    return data


def tiff(samples, tags, planes=False, tile=None, order="<"):
    """An uncompressed TIFF of height x width x samples, in strips of 7 rows or in tiles."""
    bits = 8 * samples.dtype.itemsize
    samples = samples.astype(samples.dtype.newbyteorder(order))
    depth = samples.shape[2]
    parts = []
    for plane in ([samples[..., i:i + 1] for i in range(depth)] if planes else [samples]):
        if tile:
            padded = np.pad(plane, ((0, -height % tile), (0, -width % tile), (0, 0)), mode="edge")
            parts += [padded[y:y + tile, x:x + tile].tobytes() for y in range(0, height, tile) for x in range(0, width, tile)]
        else:
            parts += [plane[y:y + 7].tobytes() for y in range(0, height, 7)]
    layout = {322: (3, [tile]), 323: (3, [tile])} if tile else {278: (3, [7])}
    where, counts = (324, 325) if tile else (273, 279)
    entries = {256: (3, [width]), 257: (3, [height]), 258: (3, [bits] * depth), 259: (3, [1]), 277: (3, [depth]),
               284: (3, [2 if planes else 1]), where: (4, [0] * len(parts)), counts: (4, [len(p) for p in parts])}
    entries.update(layout)
    entries.update(tags)
    size = 8 + 2 + 12 * len(entries) + 4
    extra = sum(len(v) * (2 if t == 3 else 4) for t, v in entries.values() if len(v) * (2 if t == 3 else 4) > 4)
    places, at = [], size + extra
    for part in parts:
        places.append(at)
        at += len(part)
    entries[where] = (4, places)
    directory, values = b"", b""
    for tag, (kind, numbers) in sorted(entries.items()):
        packed_numbers = struct.pack(f"{order}{len(numbers)}{'H' if kind == 3 else 'I'}", *numbers)
        if len(packed_numbers) > 4:
            field = struct.pack(order + "I", size + len(values))
            values += packed_numbers
        else:
            field = packed_numbers.ljust(4, b"\0")
        directory += struct.pack(order + "HHI", tag, kind, len(numbers)) + field
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(order + "IH", 8, len(entries)) + directory + b"\0\0\0\0" + values + b"".join(parts)


def make_tiff():
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        by_pillow(f"{compression.removeprefix('tiff_')}.tiff", photo, "TIFF", compression=compression)
    by_pillow("gray.tiff", photo.convert("L"), "TIFF", compression="tiff_lzw")
    by_pillow("palette.tiff", photo.quantize(32), "TIFF")
    by_pillow("bits.tiff", photo.convert("1"), "TIFF", compression="group4")
    by_pillow("rgba.tiff", Image.fromarray(rgba, "RGBA"), "TIFF", compression="tiff_lzw")
    by_pillow("big.tiff", photo, "TIFF", big_tiff=True)
    cmyk = np.dstack([255 - rgb, ramp // 2])
    ink = cmyk.astype(int)
    save("cmyk.tiff", tiff(cmyk, {262: (3, [5])}), ((255 - ink[..., :3]) * (255 - ink[..., 3:]) + 127) // 255)
    for orientation in range(1, 9):
        by_pillow(f"orientation-{orientation}.tiff", photo, "TIFF", exif=exif(orientation))
    color = {262: (3, [2])}
    save("tiles.tiff", tiff(rgb, color, tile=16), rgb)
    save("planes.tiff", tiff(rgb, color, planes=True), rgb)
    save("planes-tiles.tiff", tiff(rgb, color, planes=True, tile=16), rgb)
    wide = rgb.astype(np.uint16) * 257
    wide[::2] ^= 0x53
    eight = (wide.astype(int) * 255 + 32767) // 65535
    save("rgb16.tiff", tiff(wide, color), eight)
    save("rgb16-big-endian.tiff", tiff(wide, color, order=">"), eight)
    save("white-is-zero.tiff", tiff(ramp[..., None], {262: (3, [0])}), np.repeat(255 - ramp[..., None], 3, 2))
    save("gray-alpha.tiff", tiff(np.dstack([rgb[..., 1], ramp]), {262: (3, [1]), 338: (3, [2])}),
         over_white(np.dstack([rgb[..., 1]] * 3 + [ramp])))
    multiplied = (rgb.astype(int) * ramp[..., None] // 255).astype(np.uint8)
    alpha = ramp[..., None].astype(int)
    restored = np.where(alpha == 0, 0, np.minimum(multiplied.astype(int) * 255 // np.maximum(alpha, 1), 255))
    save("associated-alpha.tiff", tiff(np.dstack([multiplied, ramp]), {262: (3, [2]), 338: (3, [1])}),
         over_white(np.dstack([restored, ramp])))
    save("unspecified-extra.tiff", tiff(rgba, {262: (3, [2]), 338: (3, [0])}), rgb)


def make_heif():
    larger = photo.resize((64, 48), Image.BICUBIC)
    by_pillow("plain.heic", larger, "HEIF", quality=95, chroma=444)
    by_pillow("alpha.heic", Image.fromarray(np.dstack([np.asarray(larger), np.full((48, 64), 128, np.uint8)]), "RGBA"),
              "HEIF", quality=95, chroma=444)
    by_pillow("plain.avif", larger, "AVIF", quality=95, subsampling="4:4:4")
    by_pillow("turned.avif", larger, "AVIF", quality=95, subsampling="4:4:4", exif=exif(6))
    # Pillow makes transformations of the container (irot and imir) of it.
    for orientation in range(2, 9):
        by_pillow(f"orientation-{orientation}.avif", larger, "AVIF", quality=95, subsampling="4:4:4", exif=exif(orientation))
    make_turned_heic()


def make_turned_heic():
    """As phones write them: pillow-heif leaves turning to EXIF. In the place of a property that nothing needs, and behind the
    crop (clap) that comes last."""
    plain = (out / "plain.heic").read_bytes()
    unneeded = plain.index(b"pixi")
    for orientation, name, value in ((3, b"irot", 2), (6, b"irot", 3), (8, b"irot", 1), (2, b"imir", 1), (4, b"imir", 0)):
        data = plain[:unneeded] + name + bytes([value]) + plain[unneeded + 5:]
        data = data.replace(b"\x81\x02\x03\x05\x84", b"\x81\x02\x03\x84\x85")
        read = Image.open(io.BytesIO(data)).convert("RGB")
        save(f"orientation-{orientation}.heic", data, np.asarray(read))


make_webp()
make_gif()
make_bmp()
make_tiff()
make_heif()
print("made with Pillow", PIL.__version__, "and pillow-heif", pillow_heif.__version__)
