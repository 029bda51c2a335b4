"""Writes the weights of a Keras Xception with the names of the official ImageNet file (Keras 1).

    python3 make_keras1.py xception.keras keras1.h5
    XCEPTION_LAYOUTS=xception.keras:xception.weights.h5:keras1.h5 swift test --filter LayoutAgreement
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import keras

model = keras.models.load_model(sys.argv[1], compile=False)
layers = {layer.name: layer for layer in model.layers}


def shortcut(block, kind):
    """The shortcut's layers have automatic names: its normalization is the addition's second input, and so on."""
    added = {2: "add", 3: "add_1", 4: "add_2", 13: "add_11"}[block]
    normalization = layers[added]._inbound_nodes[0].input_tensors[1]._keras_history.operation
    convolution = normalization._inbound_nodes[0].input_tensors[0]._keras_history.operation
    return normalization if kind == "bn" else convolution


sepconvs = [(block, i) for block in range(2, 15) for i in range(1, 4 if 5 <= block <= 12 else 3)]
convolutions = [layers["block1_conv1"], layers["block1_conv2"]] + [shortcut(b, "conv") for b in (2, 3, 4, 13)]
normalizations = [layers["block1_conv1_bn"], layers["block1_conv2_bn"]]
for block in range(2, 15):
    if block in (2, 3, 4, 13):
        normalizations.append(shortcut(block, "bn"))
    normalizations += [layers[f"block{b}_sepconv{i}_bn"] for b, i in sepconvs if b == block]
kinds = [
    ("convolution2d", ["W"], convolutions),
    ("separableconvolution2d", ["depthwise_kernel", "pointwise_kernel"], [layers[f"block{b}_sepconv{i}"] for b, i in sepconvs]),
    ("batchnormalization", ["gamma", "beta", "running_mean", "running_std"], normalizations),
]
with h5py.File(sys.argv[2], "w") as file:
    names = []

    def write(name, variables, layer):
        group = file.create_group(name)
        weight_names = [f"{name}_{variable}:0" for variable in variables]
        for weight_name, value in zip(weight_names, layer.get_weights(), strict=True):
            group.create_dataset(weight_name, data=value)
        group.attrs["weight_names"] = [n.encode() for n in weight_names]
        names.append(name)

    for kind, variables, members in kinds:
        for number, layer in enumerate(members, 1):
            write(f"{kind}_{number}", variables, layer)
    if "predictions" in layers:
        write("dense_2", ["W", "b"], layers["predictions"])
    file.attrs["layer_names"] = [n.encode() for n in names]
