// swift-tools-version: 6.2

import PackageDescription

// Apart from the main package, so that nobody builds it who does not measure. It knows Gatehouse only over HTTP and by
// its command line; what it compares with are the same HTTP stack, the same libcrypto and the same SQLite.
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    ],
    targets: [
        .systemLibrary(name: "CFloors", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev", "libsqlite3-dev"])]),
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "CFloors",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            path: "Sources/Benchmarks",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .treatAllWarnings(as: .error),
                .treatWarning("DeprecatedDeclaration", as: .warning),
            ]),
    ]
)
