"""Makes Fixtures/: small HDF5 files written by h5py, and in expected.json what h5py reads from them.

    python3 Tests/HDF5Tests/make_fixtures.py Tests/HDF5Tests/Fixtures

Made with h5py 3.16.0, HDF5 2.0.0 and NumPy 2.4.6. The tests need none of them.
"""

import json
import os
import sys

import h5py
import numpy as np

FOLDER = sys.argv[1]
EXPECTED = {}
BOTH = ["earliest", "latest"]
KINDS = {"f2": "float16", "f4": "float32", "f8": "float64", "b1": "bool"}
KINDS |= {f"{sign}{size}": f"{name}{size * 8}" for sign, name in (("i", "int"), ("u", "uint")) for size in (1, 2, 4, 8)}


def number(value):
    """A float as JSON can say it."""
    value = float(value)
    return value if np.isfinite(value) else str(value)


def described(dataset):
    dtype = dataset.dtype
    if dtype == np.dtype("V2"):
        bits = np.frombuffer(dataset[()].tobytes(), "<u2").astype(np.uint32) << 16
        kind, values = "bfloat16", bits.view(np.float32)
    elif dataset.shape is None:
        kind, values = KINDS[dtype.str[1:]], np.zeros(0)
    else:
        kind, values = KINDS[dtype.str[1:]], np.asarray(dataset[()]).ravel()
    with np.errstate(over="ignore"):
        values = values.astype(np.float32)
    result = {
        "dimensions": [0] if dataset.shape is None else list(dataset.shape),
        "type": kind,
        "isBigEndian": dtype.byteorder == ">",
    }
    if values.size <= 300:
        return result | {"values": [number(value) for value in values]}
    # A large array is given by the few values that differ from its last but one, which was never written.
    fill = values[-2]
    places = np.flatnonzero(values != fill)
    assert places.size < 200
    return result | {"fill": number(fill), "sparse": {str(i): number(values[i]) for i in places}}


def described_attribute(value):
    if isinstance(value, h5py.Empty):
        return {"dimensions": [0], "strings": []} if value.dtype.kind in "SO" else {"dimensions": [0], "numbers": []}
    array = np.asarray(value)
    dimensions = list(array.shape)
    if array.dtype.kind in "SUO":
        texts = [item.decode() if isinstance(item, bytes) else item for item in array.ravel().tolist()]
        return {"dimensions": dimensions, "strings": texts}
    return {"dimensions": dimensions, "numbers": [number(item) for item in array.ravel()]}


def expect(name):
    """Notes what h5py reads from a file."""
    groups, datasets, attributes = [], {}, {}

    def visit(group, prefix):
        for key in group:
            path = prefix + key
            item = group[key]
            if isinstance(item, h5py.Datatype):
                continue
            attributes[path] = {key: described_attribute(value) for key, value in item.attrs.items()}
            if isinstance(item, h5py.Group):
                groups.append(path)
                visit(item, path + "/")
            else:
                datasets[path] = described(item)

    with h5py.File(os.path.join(FOLDER, name), "r") as file:
        attributes[""] = {key: described_attribute(value) for key, value in file.attrs.items()}
        visit(file, "")
    EXPECTED[name] = {
        "groups": sorted(groups), "datasets": datasets,
        "attributes": {path: values for path, values in attributes.items() if values},
    }


def fixture(name, write, libver="earliest", refused=None, **options):
    """Writes a file; `refused` is the path and the words of the error, where it must not be read."""
    for version in [libver] if isinstance(libver, str) else libver:
        file_name = f"{name}-{version}.h5" if not isinstance(libver, str) else f"{name}.h5"
        path = os.path.join(FOLDER, file_name)
        with h5py.File(path, "w", libver=version if version in BOTH else (version, version), **options) as file:
            write(file)
        if refused:
            EXPECTED[file_name] = {"refused": {"path": refused[0], "words": refused[1]}}
        else:
            expect(file_name)


def numbers(file):
    random = np.random.default_rng(1)
    for order in "<>":
        for kind in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
            dtype = np.dtype(order + kind)
            if kind[0] == "f":
                values = np.concatenate([random.normal(0, 100, 6), [0.0, -0.0, np.inf, -np.inf, 6e-8, 65504]])
            else:
                limits = np.iinfo(dtype)
                values = random.integers(limits.min, limits.max, 12, dtype=np.dtype(kind), endpoint=True)
            file.create_dataset(f"{'big' if order == '>' else 'little'}/{kind}", data=values.astype(dtype).reshape(3, 4))
    file["bool"] = np.array([True, False, True])
    file["scalar"] = np.float32(1.5)
    file["empty"] = h5py.Empty("f4")
    file["none"] = np.zeros((0, 3), "f4")
    file["one"] = np.array([[[7]]], "i4")
    bits = file.create_dataset("bfloat16", data=np.array([0x3F80, 0xC000, 0x7F80, 0x0001], "<u2").view("V2"))
    bits.attrs["dtype"] = "bfloat16"


fixture("numbers", numbers, BOTH)


def attributes(file):
    group = file.create_group("group")
    text = h5py.string_dtype()
    for target in (file, group, file.create_dataset("data", data=np.arange(3, dtype="f4"))):
        target.attrs["variable"] = "Grüße"
        target.attrs["fixed"] = np.bytes_(b"eight...")
        target.attrs["list"] = np.array(["one", "", "three"], dtype=text)
        target.attrs["fixed list"] = np.array([b"a", b"bcd", b""])
        target.attrs["table"] = np.array([["a", "b"], ["c", "d"]], dtype=text)
        target.attrs["none"] = np.zeros(0, "f8")
        target.attrs["empty"] = h5py.Empty("S4")
    group.attrs["integer"] = np.int64(-7)
    group.attrs["big"] = np.array([1, 2], ">u2")
    group.attrs["float"] = 0.25
    group.attrs["bool"] = True
    space = h5py.h5t.C_S1.copy()
    space.set_size(6)
    space.set_strpad(h5py.h5t.STR_SPACEPAD)
    attribute = h5py.h5a.create(group.id, b"padded", space, h5py.h5s.create(h5py.h5s.SCALAR))
    attribute.write(np.array(b"ab    ", "S6"), mtype=space)


fixture("attributes", attributes, BOTH)
EXPECTED["attributes-earliest.h5"]["attributes"]["group"]["padded"]["strings"] = ["ab"]
EXPECTED["attributes-latest.h5"]["attributes"]["group"]["padded"]["strings"] = ["ab"]


def many_attributes(file):
    for index in range(60):
        file.attrs[f"attribute {index}"] = f"value {index}" if index % 2 else np.arange(index)


fixture("many-attributes", many_attributes, BOTH)
fixture("many-attributes-ordered", many_attributes, "latest", track_order=True)
# More than a header takes: a block of its own, found by a B-tree of the heap.
fixture("huge-attribute", lambda file: file.attrs.update({"large": np.bytes_(b"large " * 11000), "small": 1}), "latest")


def groups(file):
    file["a/b/c/d"] = np.float32(1)
    file.create_group("a/empty")
    file.create_group("a/ünïcode")
    for index in range(20):
        file[f"a/many/{index}"] = np.array([index], "u1")


fixture("groups", groups, BOTH)
fixture("groups-ordered", groups, "latest", track_order=True)
fixture("groups-v108", groups, "v108")


def many_links(file):
    """Enough for B-trees of two levels and a heap of several blocks."""
    file["target"] = np.array([1, 2], "f4")
    for index in range(330):
        file[f"link number {index}"] = file["target"]


fixture("many-links", many_links, BOTH)


def user_block(file):
    file["x"] = np.arange(4, dtype="f4")
    file.attrs["text"] = "behind the user block"


fixture("user-block-512", user_block, BOTH, userblock_size=512)
fixture("user-block-2048", user_block, "latest", userblock_size=2048)


def compact(file):
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((2, 3))
    dataset = h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F32LE, space, creation)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(6, dtype="f4").reshape(2, 3))


fixture("compact", compact, BOTH)


def unwritten(file):
    file.create_dataset("zeros", (2, 3), "f4")
    file.create_dataset("sevens", (2, 3), "i2", fillvalue=7)
    file.create_dataset("chunks", (5,), "f4", chunks=(2,), fillvalue=-1)


fixture("unwritten", unwritten, BOTH)


def chunked(file):
    values = np.arange(7 * 5 * 3, dtype="f4").reshape(7, 5, 3)
    grid = dict(chunks=(3, 2, 2))
    file.create_dataset("plain", data=values, **grid)
    file.create_dataset("deflate", data=values, compression="gzip", **grid)
    file.create_dataset("shuffle", data=values, shuffle=True, **grid)
    file.create_dataset("both", data=values, compression="gzip", compression_opts=9, shuffle=True, **grid)
    file.create_dataset("checksum", data=values, fletcher32=True, **grid)
    file.create_dataset("all", data=values, compression="gzip", shuffle=True, fletcher32=True, **grid)
    file.create_dataset("odd", data=np.arange(9, dtype="u1"), fletcher32=True, chunks=(3,))
    file.create_dataset("single", data=values, chunks=values.shape)
    file.create_dataset("single deflated", data=values, chunks=values.shape, compression="gzip")
    file.create_dataset("larger", data=values[:2], chunks=(2, 8, 3), maxshape=(2, 8, 3), compression="gzip")
    file.create_dataset("growing", data=values, maxshape=(None, 5, 3), **grid)
    file.create_dataset("growing second", data=values, maxshape=(7, None, 4), compression="gzip", **grid)
    file.create_dataset("growing twice", data=values, maxshape=(None, 5, None), **grid)
    file.create_dataset("growing twice deflated", data=values, maxshape=(None, None, None), compression="gzip", **grid)
    file.create_dataset("limited", data=values, maxshape=(9, 9, 9), **grid)
    holes = file.create_dataset("holes", (10, 10), "i4", chunks=(4, 4), fillvalue=-5)
    holes[0, 0] = 1
    holes[9, 9] = 2
    shrunk = file.create_dataset("shrunk", data=np.arange(20, dtype="i4"), chunks=(3,), maxshape=(None,))
    shrunk.resize((7,))


fixture("chunked", chunked, BOTH)


def early(file):
    """Allocated when it is made, without filters: chunks that need no index."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk((2, 2))
    creation.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    dataset = h5py.h5d.create(file.id, b"x", h5py.h5t.STD_I16LE, h5py.h5s.create_simple((5, 3)), creation)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(15, dtype="i2").reshape(5, 3))


fixture("implicit-chunks", early, "latest")


def many_chunks(file):
    values = np.arange(1300, dtype="u2")
    file.create_dataset("tree", data=values[:300], chunks=(2,), maxshape=(None,))
    fixed = file.create_dataset("pages", (2500,), "u1", chunks=(1,))
    fixed[3], fixed[2400] = 5, 6


fixture("many-chunks", many_chunks, BOTH)


def sparse_chunks(file):
    """An extensible array with its three kinds of blocks, and pages in the last."""
    for name, count, options in (("plain", 150000, {}), ("deflated", 900, dict(compression="gzip"))):
        dataset = file.create_dataset(name, (count,), "u1", chunks=(1,), maxshape=(None,), fillvalue=9, **options)
        for index in (0, 3, 4, 19, 20, 100, 200, 400, 5000, 140000, 149999):
            if index < count:
                dataset[index] = index % 200 + 20
    tree = file.create_dataset("tree", (400, 400), "u1", chunks=(1, 1), maxshape=(None, None))
    for index in range(120):
        tree[index, index * 3] = index + 1


fixture("sparse-chunks", sparse_chunks, "latest")


def committed(file):
    file["type"] = np.dtype("<f4")
    file.create_dataset("x", data=np.arange(3, dtype="f4"), dtype=file["type"])
    file.attrs.create("a", 2.5, dtype=file["type"])


fixture("committed", committed, BOTH)


def continued(file):
    """Attributes that came later, in continuations of the header."""
    file["x"] = np.arange(2, dtype="f4")
    for index in range(6):
        file["x"].attrs[f"later {index}"] = "text " * index
        file["y%d" % index] = np.float32(index)


fixture("continued", continued, BOTH)


def bfloat16_type(file):
    """HDF5 2.0's own bfloat16, which h5py 3.16 writes by a float type of these fields."""
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_fields(15, 7, 8, 0, 7)
    kind.set_size(2)
    kind.set_ebias(127)
    data = np.array([1, -2.5, 3], "f4")
    dataset = h5py.h5d.create(file.id, b"x", kind, h5py.h5s.create_simple((3,)))
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, data, mtype=h5py.h5t.IEEE_F32LE)


fixture("bfloat16-type", bfloat16_type, refused=("", ""))
EXPECTED["bfloat16-type.h5"] = {
    "groups": [], "attributes": {},
    "datasets": {"x": {"dimensions": [3], "type": "bfloat16", "isBigEndian": False, "values": [1, -2.5, 3]}},
}


# What is refused.

def refused(name, path, words, write, libver="earliest"):
    fixture("refused-" + name, write, libver, (path, words))


def put(path, value):
    return lambda file: file.__setitem__(path, value)


refused("soft-link", "g/soft", "H5L_TYPE_SOFT", put("g/soft", h5py.SoftLink("/etc")), BOTH)
refused("external-link", "g/out", "H5L_TYPE_EXTERNAL", put("g/out", h5py.ExternalLink("/etc/other.h5", "/")), BOTH)


def external_storage(file):
    file.create_dataset("x", (4,), "f4", external=[("/etc/passwd", 0, 16)])


refused("external-storage", "x", "H5O_EFL", external_storage)


def virtual(file):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (4,))
    file.create_virtual_dataset("x", layout)


refused("virtual", "x", "H5D_VIRTUAL", virtual, "latest")


def with_options(dtype="f4", **options):
    return lambda file: file.create_dataset("x", data=np.arange(8, dtype=dtype), chunks=(4,), **options)


refused("lzf", "x", "filter 32000 \"lzf\"", with_options(compression="lzf"))
refused("scale-offset", "x", "H5Z_FILTER_SCALEOFFSET", with_options("i4", scaleoffset=4))
refused("compound", "x", "H5T_COMPOUND", put("x", np.zeros(2, [("a", "f4"), ("b", "i4")])))
refused("string", "x", "H5T_STRING", put("x", "text"))
refused("opaque", "x", "H5T_OPAQUE", put("x", np.zeros(2, "V2")))
refused("array", "x", "H5T_ARRAY", lambda file: file.create_dataset("x", (2,), np.dtype(("f4", (2,)))))
refused("vlen", "x", "H5T_VLEN", lambda file: file.create_dataset("x", (2,), h5py.vlen_dtype("f4")))
refused("reference", "x", "H5T_REFERENCE", lambda file: file.create_dataset("x", (2,), h5py.ref_dtype))
refused("complex", "x", "H5T_COMPOUND", put("x", np.zeros(2, "c8")))
refused("enum", "x", "H5T_ENUM", lambda file: file.create_dataset("x", (2,), h5py.enum_dtype({"A": 0, "B": 1, "C": 2})))
refused("long-double", "x", "H5T_FLOAT", put("x", np.zeros(2, np.longdouble)))


def brain_floats(file):
    file["x"] = np.zeros(2, "f4")
    file["x"].attrs["dtype"] = "bfloat16"


refused("wrong-dtype", "x", "bfloat16", brain_floats)


def cyclic(file):
    file["a/b/a"] = file.create_group("a")


refused("cyclic", "a/b/a", "contains itself", cyclic, BOTH)
refused("deep", "/".join("d" * 65), "nested more than 64 deep", lambda file: file.create_group("/".join("d" * 70)), "latest")


# Damaged by hand.

def bytes_of(name):
    with open(os.path.join(FOLDER, name), "rb") as file:
        return bytearray(file.read())


def write(name, contents):
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(contents)


def patched(name, source, edit, words=None, path="/"):
    contents = bytes_of(source)
    edit(contents)
    write(name, contents)
    if words:
        EXPECTED[name] = {"refused": {"path": path, "words": words}}
    else:
        EXPECTED[name] = EXPECTED[source]


def integer(contents, offset):
    return int.from_bytes(contents[offset : offset + 8], "little")


def set_integer(contents, offset, value):
    contents[offset : offset + 8] = value.to_bytes(8, "little")


def loop_heap(contents):
    """The list of a local heap's free parts leads back to its first."""
    heap = contents.index(b"HEAP")
    data, free = integer(contents, heap + 24), integer(contents, heap + 16)
    assert free < integer(contents, heap + 8)
    set_integer(contents, data + free, free)


def loop_tree(contents):
    """The B-tree of a group: the first child of the root is the root."""
    root = next(at for at in range(len(contents)) if contents[at : at + 6] == b"TREE\0\1")
    set_integer(contents, root + 32, root)


def loop_continuation(contents):
    """The first continuation of an object header leads to itself."""
    for at in range(0, len(contents) - 24, 8):
        if contents[at : at + 8] == b"\x10\0\x10\0\0\0\0\0" and integer(contents, at + 8) < len(contents):
            block = integer(contents, at + 8)
            contents[block : block + 24] = contents[at : at + 24]
            return
    raise AssertionError("no continuation")


patched("heap-loop.h5", "groups-earliest.h5", loop_heap)
patched("refused-tree-loop.h5", "many-links-earliest.h5", loop_tree, "is at level 1, expected 0")
patched("refused-continuation-loop.h5", "continued-earliest.h5", loop_continuation, "leads back to itself", "x")

with open(os.path.join(FOLDER, "expected.json"), "w") as file:
    json.dump(EXPECTED, file, ensure_ascii=False, indent=0, sort_keys=True)
