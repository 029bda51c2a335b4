// swift-tools-version: 6.2
import PackageDescription

/// Modules outside the kernels and the C wrappers: every unsafe use must be marked.
let safe: [SwiftSetting] = [.strictMemorySafety()]

/// Kernel modules are optimized in debug builds too, where they would be hundreds of times slower.
func kernels(march: String? = nil, _ features: String...) -> [SwiftSetting] {
  let target = (march.map { ["-march=\($0)"] } ?? []) + features.map { "-m\($0)" }
  return [.unsafeFlags(["-O", "-Xllvm", "-unroll-threshold=4000"] + target.flatMap { ["-Xcc", $0] })]
}

// The manifest sees the architecture of the machine that builds; the sources of the instruction-set
// modules are wrapped in `#if arch(x86_64)` for the architecture that is built for.
#if arch(x86_64)
  let x86V3 = kernels(march: "x86-64-v3")
  let x86V4 = kernels(march: "x86-64-v4")
  let x86VNNI = kernels(march: "x86-64-v4", "avx512vnni")
  let x86BF16 = kernels(march: "x86-64-v4", "avx512vnni", "avx512bf16")
  let x86AMX = kernels(
    march: "x86-64-v4", "avx512vnni", "avx512bf16", "amx-tile", "amx-int8", "amx-bf16")
#else
  let x86V3 = kernels()
  let x86V4 = kernels()
  let x86VNNI = kernels()
  let x86BF16 = kernels()
  let x86AMX = kernels()
#endif

/// Programs that use the library see the members of what they import themselves only, as Swift 7 will have it: whoever
/// imports `Xception` alone can use all of its face.
let importsOfMembers: [SwiftSetting] = [.enableUpcomingFeature("MemberImportVisibility")]

/// The reference executor and the plain loops that kernels are tested against are optimized in debug builds too.
let reference: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
  name: "xception-runtime",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "Xception", targets: ["Xception"]),
    .executable(name: "xception-run", targets: ["xception-run"]),
    .executable(name: "xception-convert", targets: ["xception-convert"]),
    .executable(name: "xception-inspect", targets: ["xception-inspect"]),
    .executable(name: "xception-bench", targets: ["xception-bench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    // The public library and the commands.
    .target(
      name: "Xception",
      dependencies: [
        "XceptionTypes", "ModelGraph", "Activations", "WeightFormat", "Optimizer", "Reference", "Runtime", "Threads",
        "ImageInput", "PlainText", "Files",
      ],
      swiftSettings: safe),
    .executableTarget(
      name: "xception-run",
      dependencies: [
        "Xception", "ModelGraph", "WeightFormat", "ImageInput", "Threads", "Comparison", "CommandSupport", "Files",
        "PlainText",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: safe),
    .executableTarget(
      name: "xception-convert",
      dependencies: [
        "ModelGraph", "ModelImport", "WeightFormat", "Optimizer", "Xception", "Comparison", "CommandSupport",
        "PlainText",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: safe),
    .executableTarget(
      name: "xception-inspect",
      dependencies: [
        "ModelGraph", "WeightFormat", "Optimizer", "Xception", "Comparison", "Evaluation", "ImageInput", "Threads",
        "CommandSupport", "Files", "PlainText",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: safe),
    .executableTarget(
      name: "xception-bench",
      dependencies: [
        "ModelGraph", "Architectures", "WeightFormat", "Runtime", "Threads", "Kernels", "Xception", "CommandSupport",
        "Files", "PlainText", "CSystem",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: safe),

    .target(
      name: "CommandSupport",
      dependencies: [
        "ModelGraph", "WeightFormat", "Runtime", "Xception", "PlainText", "Files", "CSystem",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: safe),

    // What converting and inspecting share: two models side by side.
    .target(
      name: "Comparison", dependencies: ["Xception", "ModelGraph", "ImageInput", "PlainText", "Files"],
      swiftSettings: safe),

    // How good a model is, from its answers and the right ones.
    .target(name: "Evaluation", swiftSettings: safe),

    // Programs that use the library.
    .executableTarget(
      name: "classify", dependencies: ["Xception"], path: "Examples/classify", swiftSettings: safe + importsOfMembers),
    .executableTarget(
      name: "embed", dependencies: ["Xception"], path: "Examples/embed", swiftSettings: safe + importsOfMembers),

    // What the library's face shares with the rooms behind it; `Xception` exports it.
    .target(name: "XceptionTypes", swiftSettings: safe),

    // Implementation.
    .target(name: "Activations", swiftSettings: safe),
    .target(name: "PlainText", swiftSettings: safe),
    .target(name: "CSystem"),
    .target(name: "Files", dependencies: ["PlainText", "CSystem"], swiftSettings: safe),
    .target(name: "ModelGraph", dependencies: ["Activations", "XceptionTypes", "PlainText"], swiftSettings: safe),
    .target(name: "Architectures", dependencies: ["ModelGraph"], swiftSettings: safe),
    .target(name: "Reference", dependencies: ["ModelGraph", "Threads"], swiftSettings: safe + reference),
    .target(name: "Threads", dependencies: ["CIntrinsics"], swiftSettings: safe),
    .target(
      name: "WeightFormat", dependencies: ["XceptionTypes", "ModelGraph", "Threads", "Files", "CZlib"],
      swiftSettings: safe),
    .target(name: "Optimizer", dependencies: ["ModelGraph"], swiftSettings: safe),
    .target(
      name: "Runtime",
      dependencies: [
        "ModelGraph", "Threads", "Kernels", "KernelsPortable", "KernelsX86V3", "KernelsX86V4", "KernelsX86VNNI",
        "KernelsX86BF16", "KernelsX86AMX", "CIntrinsics",
      ],
      swiftSettings: safe),
    .target(name: "Kernels", dependencies: ["Activations", "CIntrinsics"], swiftSettings: kernels()),
    .target(name: "KernelsPortable", dependencies: ["Kernels", "CIntrinsics"], swiftSettings: kernels()),
    .target(name: "KernelsX86V3", dependencies: ["Kernels", "CIntrinsics"], swiftSettings: x86V3),
    .target(name: "KernelsX86V4", dependencies: ["Kernels", "CIntrinsics"], swiftSettings: x86V4),
    .target(
      name: "KernelsX86VNNI", dependencies: ["Kernels", "KernelsX86V4", "CIntrinsics"], swiftSettings: x86VNNI),
    .target(
      name: "KernelsX86BF16", dependencies: ["Kernels", "KernelsX86V4", "KernelsX86VNNI", "CIntrinsics"],
      swiftSettings: x86BF16),
    .target(
      name: "KernelsX86AMX",
      dependencies: ["Kernels", "KernelsX86V4", "KernelsX86VNNI", "KernelsX86BF16", "CIntrinsics"],
      swiftSettings: x86AMX),
    .target(name: "CIntrinsics"),
    .target(
      name: "ImageInput", dependencies: ["XceptionTypes", "ModelGraph", "Files", "CImageCodecs"], swiftSettings: safe),
    .target(
      name: "CImageCodecs", dependencies: ["CPNG", "CJPEG", "CWebP", "CGIF"],
      linkerSettings: ["png", "jpeg", "webp", "webpdemux", "gif"].map { .linkedLibrary($0) }
        + [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(name: "HDF5", dependencies: ["Files", "CZlib"], swiftSettings: safe),
    .target(
      name: "ModelImport",
      dependencies: ["ModelGraph", "Architectures", "WeightFormat", "HDF5", "Files", "PlainText", "CZlib"],
      swiftSettings: safe),

    // The system's libraries.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(name: "CWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"]), .brew(["webp"])]),
    .systemLibrary(name: "CGIF", pkgConfig: "libgif", providers: [.apt(["libgif-dev"]), .brew(["giflib"])]),

    // Tests.
    .target(
      name: "TestSupport", dependencies: ["ModelGraph", "Architectures", "CTestSupport"], path: "Tests/TestSupport",
      swiftSettings: safe + reference),
    .target(
      name: "SmallModel", dependencies: ["ModelGraph", "Architectures", "WeightFormat", "TestSupport"],
      path: "Tests/SmallModel", swiftSettings: safe),
    .target(name: "CTestSupport", path: "Tests/CTestSupport"),
    .testTarget(
      name: "FilesTests", dependencies: ["Files", "PlainText", "CommandSupport", "CSystem"], swiftSettings: safe),
    .testTarget(
      name: "ModelGraphTests", dependencies: ["ModelGraph", "Architectures", "TestSupport"], swiftSettings: safe),
    .testTarget(
      name: "ArchitecturesTests", dependencies: ["Architectures", "TestSupport"],
      exclude: ["make_keras_layers.py"], resources: [.copy("Fixtures")], swiftSettings: safe),
    .testTarget(
      name: "EvaluationTests", dependencies: ["Evaluation"], exclude: ["make_cases.py"],
      resources: [.copy("Fixtures")], swiftSettings: safe),
    .testTarget(name: "ThreadsTests", dependencies: ["Threads", "TestSupport", "CTestSupport"], swiftSettings: safe),
    .testTarget(
      name: "ReferenceTests", dependencies: ["Reference", "Architectures", "TestSupport"],
      exclude: ["make_keras_fixtures.py"], resources: [.copy("Fixtures")], swiftSettings: safe),
    .testTarget(
      name: "WeightFormatTests",
      dependencies: ["WeightFormat", "Threads", "Files", "PlainText", "TestSupport", "CTestSupport"],
      swiftSettings: safe),
    .testTarget(
      name: "OptimizerTests", dependencies: ["Optimizer", "Architectures", "Reference", "Runtime", "TestSupport"],
      swiftSettings: safe),
    .testTarget(
      name: "RuntimeTests",
      dependencies: [
        "Runtime", "Kernels", "Architectures", "Optimizer", "Reference", "Threads", "TestSupport", "CTestSupport",
      ], swiftSettings: safe),
    .testTarget(
      name: "KernelsTests",
      dependencies: ["Kernels", "Runtime", "Reference", "Threads", "TestSupport", "CTestSupport"],
      swiftSettings: safe + reference),
    .testTarget(
      name: "ImageInputTests", dependencies: ["ImageInput", "TestSupport", "CZlib"], resources: [.copy("Fixtures")],
      swiftSettings: safe),
    .testTarget(
      name: "HDF5Tests", dependencies: ["HDF5", "Files", "ModelGraph", "CZlib"], exclude: ["make_fixtures.py"],
      resources: [.copy("Fixtures")], swiftSettings: safe),
    .testTarget(
      name: "ModelImportTests",
      dependencies: ["ModelImport", "Architectures", "Reference", "Files", "CZlib", "TestSupport"],
      exclude: [
        "make_fixtures.py", "make_kinds.py", "make_weights_only.py", "make_keras1.py", "make_torch_fixtures.py",
        "make_onnx_operators.py",
      ],
      resources: [.copy("Fixtures")], swiftSettings: safe),
    .testTarget(
      name: "XceptionTests",
      dependencies: [
        "Xception", "ModelGraph", "ModelImport", "ImageInput", "Optimizer", "Reference", "WeightFormat", "Runtime",
        "Threads", "Files", "SmallModel",
      ],
      exclude: ["make_heatmaps.py"], resources: [.copy("Fixtures")], swiftSettings: safe),
    .testTarget(
      name: "ComparisonTests", dependencies: ["Comparison", "Xception", "Optimizer", "WeightFormat", "SmallModel"],
      swiftSettings: safe),
    .testTarget(
      name: "BenchTests", dependencies: ["xception-bench", "CommandSupport", "PlainText"], swiftSettings: safe),
    .testTarget(
      name: "ExampleTests",
      dependencies: [
        "Xception", "ModelGraph", "Architectures", "Runtime", "WeightFormat", "Files", "TestSupport", "SmallModel",
        "xception-run", "xception-convert", "xception-inspect", "xception-bench",
        "classify", "embed",
      ],
      resources: [.copy("Fixtures")], swiftSettings: safe + importsOfMembers),
  ],
  swiftLanguageModes: [.v6]
)

// With XCEPTION_FUZZ set to sanitizers (Tests/fuzz.sh), everything that reads a stranger's bytes tells libFuzzer which of
// its edges ran. Kernels don't: their loops would be slow, and their branches say nothing of a file.
if let sanitizers = Context.environment["XCEPTION_FUZZ"] {
  let reading: Set = [
    "Files", "ModelGraph", "WeightFormat", "Optimizer", "Runtime", "ImageInput", "CImageCodecs", "HDF5", "ModelImport",
  ]
  for target in package.targets where reading.contains(target.name) {
    target.swiftSettings =
      (target.swiftSettings ?? []) + [.unsafeFlags(["-sanitize=\(sanitizers)", "-enable-testing"])]
    target.cSettings = [.unsafeFlags(["-fsanitize=\(sanitizers)".replacing("fuzzer", with: "fuzzer-no-link")])]
  }
  package.products.append(.library(name: "Fuzz", type: .static, targets: ["Fuzz"]))
  package.targets.append(
    .target(
      name: "Fuzz",
      dependencies: [
        "ModelGraph", "WeightFormat", "Optimizer", "Reference", "Runtime", "Threads", "ImageInput", "Files",
        "HDF5", "ModelImport", "TestSupport",
      ],
      path: "Tests/Fuzz", exclude: ["Corpus", "Dictionaries", "rules.py", "seeds.py"], swiftSettings: safe))
}
