// swift-tools-version: 6.2

import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

func product(_ name: String, _ package: String) -> Target.Dependency {
    .product(name: name, package: package)
}

let grdb = product("GRDB", "GRDB.swift")
// The C functions of the SQLite that GRDB links.
let sqlite = product("GRDBSQLite", "GRDB.swift")
let nio: [Target.Dependency] = [
    product("NIOCore", "swift-nio"), product("NIOPosix", "swift-nio"), product("NIOHTTP1", "swift-nio"),
    product("NIOConcurrencyHelpers", "swift-nio"), product("NIOFoundationCompat", "swift-nio"),
]
let nioSSL = product("NIOSSL", "swift-nio-ssl")
let httpTypes = product("HTTPTypes", "swift-http-types")
let logging = product("Logging", "swift-log")
let metrics = product("Metrics", "swift-metrics")
let serviceLifecycle = product("ServiceLifecycle", "swift-service-lifecycle")
let unixSignals = product("UnixSignals", "swift-service-lifecycle")
let hummingbird = product("Hummingbird", "hummingbird")
let hummingbirdTLS = product("HummingbirdTLS", "hummingbird")
let hummingbirdTesting = product("HummingbirdTesting", "hummingbird")
let mustache = product("Mustache", "swift-mustache")
let argumentParser = product("ArgumentParser", "swift-argument-parser")
let configuration = product("Configuration", "swift-configuration")
let yams = product("Yams", "Yams")

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A library for test targets only, in a folder below `Tests/Support`.
func support(_ name: String, _ folder: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Tests/Support/\(folder)", swiftSettings: strict)
}

func suite(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

// What `gatehouse --version` says of the sources: `make release` knows their commit.
let commit = Context.environment["COMMIT"].map { CSetting.define("GATEHOUSE_COMMIT", to: "\"\($0)\"") }

let package = Package(
    name: "gatehouse",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "gatehouse", targets: ["gatehouse"]),
        .library(name: "ResourceServer", targets: ["ResourceServer"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CEmbedded", cSettings: commit.map { [$0] } ?? []),
        library("JOSE", ["COpenSSL"]),
        library("OAuth", ["JOSE"]),
        library("Storage", ["JOSE", "OAuth", grdb, sqlite]),
        library("Outbound", nio + [nioSSL, httpTypes]),
        library(
            "AuthorizationServer",
            ["JOSE", "OAuth", "Storage", "Outbound", logging, metrics, serviceLifecycle]),
        library(
            "Web",
            ["CEmbedded", "JOSE", "OAuth", "AuthorizationServer", hummingbird, hummingbirdTLS, mustache] + nio + [
                httpTypes, logging,
            ]),
        library("MCPClient", ["JOSE", "OAuth", "Outbound"] + nio),
        program(
            "gatehouse",
            [
                "CEmbedded", "JOSE", "OAuth", "Storage", "Outbound", "AuthorizationServer", "Web", "MCPClient",
                argumentParser, configuration, yams, logging, metrics, serviceLifecycle, unixSignals,
            ]),
        library("ResourceServer", ["JOSE", "OAuth", "Outbound"]),
        program("example-mcp-server", ["JOSE", "OAuth", "Outbound", "ResourceServer", hummingbird, hummingbirdTLS]),
        program("demo", ["JOSE", "OAuth", "Outbound", "MCPClient", hummingbird, hummingbirdTLS]),

        // The suites share three libraries, so that the suite of a module compiles that module and not the whole server.
        support("TestSupport", "Base", ["JOSE", "OAuth", "Outbound", logging, nioSSL] + nio),
        support("StorageSupport", "Storage", ["JOSE", "OAuth", "Storage", sqlite]),
        support(
            "ServerSupport", "Server",
            [
                "JOSE", "OAuth", "Storage", "Outbound", "AuthorizationServer", "Web", "TestSupport", "StorageSupport",
                hummingbird, hummingbirdTesting, httpTypes, logging, serviceLifecycle,
            ] + nio),
        suite("JOSETests", ["JOSE"]),
        .testTarget(
            name: "OAuthTests", dependencies: ["OAuth", "JOSE"], resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "StorageTests",
            dependencies: ["Storage", "JOSE", "OAuth", "TestSupport", "StorageSupport", grdb],
            exclude: ["Fixtures"], swiftSettings: strict),
        suite("OutboundTests", ["Outbound", "TestSupport", nioSSL] + nio),
        suite(
            "AuthorizationServerTests",
            [
                "AuthorizationServer", "Storage", "Outbound", "OAuth", "JOSE", "TestSupport", "StorageSupport",
                "ServerSupport",
            ] + nio),
        suite(
            "WebTests",
            [
                "Web", "AuthorizationServer", "Storage", "Outbound", "TestSupport", "StorageSupport", "ServerSupport",
                hummingbird, hummingbirdTesting,
            ]),
        suite(
            "GatehouseTests",
            [
                "gatehouse", "AuthorizationServer", "Storage", "MCPClient", "OAuth", "JOSE", "Outbound", "TestSupport",
                argumentParser, grdb,
            ]),
        suite(
            "ResourceServerTests",
            ["ResourceServer", "example-mcp-server", "JOSE", "OAuth", "Outbound", "TestSupport", hummingbird, logging]
                + nio),
        suite("ArchitectureTests", []),
        suite(
            "InteropTests",
            [
                "gatehouse", "example-mcp-server", "demo", "ResourceServer", "MCPClient", "AuthorizationServer",
                "Outbound",
                "Storage", "OAuth", "JOSE", "TestSupport", "ServerSupport",
                hummingbird, httpTypes, logging,
            ] + nio),
        suite("BrowserTests", ["gatehouse", "JOSE", "Outbound", "Storage", "TestSupport", "ServerSupport"]),
    ]
)

// The fuzzers see what is visible in this package only, so they belong to it; but they need a sanitizer that no other
// program links with, so they are there for `make fuzz` alone.
if Context.environment["FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: ["JOSE", "OAuth", "Outbound", "Web", hummingbird] + nio + [httpTypes],
            path: "Tests/Fuzz/Sources", swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}

// JOSE alone calls OpenSSL. By itself it needs no other package, so that each run of the tests can afford to look for memory
// that is used after it was freed: in release, where it is freed as early as in production.
if Context.environment["MEMORY"] != nil {
    package.dependencies = []
    package.products = []
    package.targets = package.targets.filter { ["COpenSSL", "JOSE", "JOSETests"].contains($0.name) }
}
