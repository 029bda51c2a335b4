"""Makes what the fuzzer starts from: the tests' fixtures in the forms that its targets read, and what it has kept in Corpus/.

    python3 Tests/Fuzz/seeds.py FOLDER      writes FOLDER/TARGET/NAME
    python3 Tests/Fuzz/seeds.py --keep FOLDER TARGET ...
                                            packs FOLDER/TARGET, which `-merge=1` has minimized, into
                                            Corpus/TARGET.zip
    python3 Tests/Fuzz/seeds.py --keras     the paths of the files whose weights the target "keras" uses
"""

import hashlib
import pathlib
import random
import struct
import sys
import zipfile

here = pathlib.Path(__file__).parent
tests = here.parent
images = tests / "ImageInputTests/Fixtures"
models = tests / "ModelImportTests/Fixtures"
# Longer files teach the fuzzer little, and each execution takes longer.
longest = 12_000
# Of each target's archive: all of them stay below 2 MB.
largest_archive = 64_000

LABELS = [
    b"cup\nfork\n", b"0 cup\n1 fork\n", b"0,cup\n1,fork\n", b"\xef\xbb\xbfcup\r\nfork\r\n", b'["cup", "fork"]',
    b'{"0": "cup", "1": "fork"}', b'{"cup": 0, "fork": 1}', b'{"0": ["n01440764", "tench"]}',
    b'{"id2label": {"0": "cup"}}', "cup\nfork\n".encode("utf-16"), b'id,name\n0,"a, b"\n', b"n01440764 tench, Tinca\n",
]  # fmt: skip


def short_files(folder, *endings):
    for path in sorted(folder.rglob("*")):
        if path.suffix in endings and path.stat().st_size <= longest:
            yield path.read_bytes()


def picture(data):
    """With the byte of options behind it."""
    return data + hashlib.sha256(data).digest()[:1]


def weights_sections(data):
    """The five sections of a valid file, as FuzzedWeightFile reads them."""
    features, count = data[16], struct.unpack_from("<I", data, 32)[0]
    entries = [struct.unpack_from("<4sIQQ", data, 64 + 32 * index) for index in range(count)]
    sections = [data[offset:][:length] for _, _, offset, length in entries]
    return bytes([features]) + struct.pack("<4I", *map(len, sections[:4])) + b"".join(sections)


def weights():
    samples = tests.parent / "Formats/samples"
    valid = {line.split("\t")[0] for line in (samples / "list.tsv").read_text().splitlines() if "\tvalid" in line}
    for path in sorted(samples.glob("*.xcw")):
        data = path.read_bytes()
        yield weights_sections(data) if path.name in valid and data[32] == 5 else data


def archives():
    return [path for path in sorted(models.rglob("*.keras"))]


def configurations():
    for index, path in enumerate(archives()):
        yield bytes([index, 0]) + zipfile.ZipFile(path).read("config.json")


def pickles():
    # {"weight": torch._utils._rebuild_tensor_v2(storage("0" of 6 floats), 0, (2, 3), (3, 1), False, OrderedDict())}
    yield (
        b"\x80\x02}q\x00X\x06\x00\x00\x00weightctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
        b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x06tQK\x00K\x02K\x03\x86K\x03K\x01\x86\x89ccollections\nOrderedDict\n)RtRs."
    )
    for path in sorted((models / "torch").glob("*.pth")):
        if zipfile.is_zipfile(path):
            archive = zipfile.ZipFile(path)
            yield from (archive.read(name) for name in archive.namelist() if name.endswith("data.pkl"))


def safetensors():
    for path in sorted((models / "torch").glob("*.safetensors")):
        data = path.read_bytes()
        end = 8 + struct.unpack_from("<Q", data)[0]
        yield struct.pack("<H", min(len(data) - end, 0xFFFF)) + data[8:end]


def graphs():
    generator = random.Random(1)
    return [generator.randbytes(9) for _ in range(32)]


def networks():
    generator = random.Random(2)
    return [generator.randbytes(8 * (2 + index % 12)) for index in range(200)]


def seeds():
    yield "jpeg", map(picture, short_files(images, ".jpg"))
    yield "png", map(picture, short_files(images, ".png"))
    for name in ("webp", "gif", "bmp"):
        yield name, map(picture, short_files(images, "." + name))
    yield "tiff", map(picture, short_files(images, ".tiff", ".tif"))
    yield "heif", map(picture, short_files(images, ".heic", ".avif"))
    yield "netpbm", map(picture, short_files(images, ".pbm", ".pgm", ".ppm", ".pam"))
    yield "weights", weights()
    yield "rules", weights()
    yield "network", networks()
    yield "graphs", graphs()
    yield "hdf5", short_files(tests / "HDF5Tests/Fixtures", ".h5")
    yield "zip", short_files(models, ".keras", ".pth")
    yield "json", [data[2:] for data in configurations() if len(data) < longest] + LABELS
    yield "keras", configurations()
    yield "onnx", short_files(models, ".onnx")
    yield "safetensors", safetensors()
    yield "pickle", pickles()
    yield "labels", LABELS


def write(folder):
    for target, contents in seeds():
        place = folder / target
        place.mkdir(parents=True, exist_ok=True)
        kept = here / "Corpus" / f"{target}.zip"
        if kept.exists():
            archive = zipfile.ZipFile(kept)
            contents = list(contents) + [archive.read(name) for name in archive.namelist()]
        for data in contents:
            (place / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def keep(folder, targets):
    (here / "Corpus").mkdir(exist_ok=True)
    for target in targets:
        with zipfile.ZipFile(here / "Corpus" / f"{target}.zip", "w") as archive:
            # The shortest first, by their names where they are as long: the same bytes for the same files.
            for path in sorted((folder / target).iterdir(), key=lambda path: (path.stat().st_size, path.name)):
                if archive.fp.tell() > largest_archive:
                    break
                archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


if sys.argv[1:2] == ["--keep"]:
    keep(pathlib.Path(sys.argv[2]), sys.argv[3:])
elif sys.argv[1:2] == ["--keras"]:
    print(":".join(map(str, archives())))
else:
    write(pathlib.Path(sys.argv[1]))
