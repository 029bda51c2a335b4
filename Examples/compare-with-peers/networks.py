"""The networks that are compared, and the sides of their square pictures in pixels."""

TRAINED = "xception299"
"""Xception, trained on ImageNet; the others have the seeded weights that keras.applications begins with."""

SIDES = {
    TRAINED: 299,
    "VGG16": 224,
    "InceptionV3": 299,
    "ResNet152": 224,
    "ResNet50": 224,
    "DenseNet121": 224,
    "MobileNetV2": 224,
    "MobileNetV3Large": 224,
    "EfficientNetB0": 224,
}

SEVERAL = (TRAINED, "ResNet50", "MobileNetV2")
"""A large one, one in between and a small one, where all would take too long."""

if __name__ == "__main__":
    print(*SIDES)
