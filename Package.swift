// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

let package = Package(
    name: "parley",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "parley", targets: ["parley"])
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // Values, rules, ports and errors. Imports no driver and no protocol.
        .target(name: "ParleyCore", swiftSettings: settings),
        // Compositions over the ports, and the reference store.
        .target(
            name: "ParleyStore",
            dependencies: ["ParleyCore", "ParleyMetrics", crypto, lifecycle, logging, metrics],
            swiftSettings: settings
        ),
        .target(
            name: "ParleySQLite",
            dependencies: ["ParleyCore", "ParleyMetrics", grdb, logging],
            swiftSettings: settings
        ),
        // What is counted for the operator: names, and types that count.
        .target(
            name: "ParleyMetrics",
            dependencies: [metrics, logging],
            exclude: ["README.md"],
            swiftSettings: settings
        ),
        // A registry for swift-metrics, and Prometheus' text. Knows nothing of Parley.
        .target(
            name: "PrometheusMetrics",
            dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")],
            exclude: ["README.md"],
            swiftSettings: settings
        ),
        // A client of PostgreSQL over its own C library. Knows nothing of Parley.
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "LibPQ", dependencies: ["CLibPQ"], exclude: ["README.md"], swiftSettings: settings),
        // A Redis client that knows nothing of Parley.
        .target(
            name: "RedisWire",
            dependencies: [
                crypto, lifecycle, logging, nioCore, nioPosix,
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            exclude: ["README.md"],
            swiftSettings: settings
        ),
        // WebSockets over NIO, server and client. Knows nothing of Parley.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "WebSocketWire",
            dependencies: [
                "CZlib", crypto, nioCore, nioHTTP1, nioPosix,
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            exclude: ["README.md"],
            swiftSettings: settings
        ),
        // Markdown as safe HTML over GitHub's own parser. Knows nothing of Parley.
        .systemLibrary(
            name: "CCMarkGFM",
            providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]
        ),
        .target(name: "ParleyMarkdown", dependencies: ["CCMarkGFM"], swiftSettings: settings),
        // Conversations in PostgreSQL.
        .target(
            name: "ParleyPostgres",
            dependencies: ["ParleyCore", "ParleyMetrics", "LibPQ", lifecycle, logging, metrics],
            swiftSettings: settings
        ),
        // The cache, the bus and the limits that several instances share.
        .target(
            name: "ParleyRedis",
            dependencies: ["ParleyCore", "ParleyStore", "RedisWire", crypto, lifecycle, logging, nioCore],
            swiftSettings: settings
        ),
        // Features: no driver, no sibling feature.
        .target(
            name: "ParleyAuth",
            dependencies: [
                "ParleyCore", crypto, logging, nioPosix,
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "ParleyChat",
            dependencies: ["ParleyCore", "ParleyMetrics", lifecycle, logging],
            swiftSettings: settings
        ),
        .target(
            name: "ParleyLive",
            dependencies: ["ParleyCore", "ParleyMetrics", lifecycle, logging],
            swiftSettings: settings
        ),
        // It walks through a foreign Redis, too.
        .target(
            name: "ParleyTransfer",
            dependencies: ["ParleyCore", "CZlib", "RedisWire", crypto, nioCore],
            swiftSettings: settings
        ),
        .target(
            name: "ParleyOpenAI",
            dependencies: ["ParleyCore", asyncHTTPClient, nioCore, nioHTTP1, nioPosix, logging],
            swiftSettings: settings
        ),
        // The web app's files.
        .target(name: "ParleyWeb", resources: [.embedInCode("Public")], swiftSettings: settings),
        // The only target that knows HTTP.
        .target(
            name: "ParleyServer",
            dependencies: [
                "ParleyCore", "ParleyAuth", "ParleyChat", "ParleyLive", "ParleyMarkdown", "ParleyMetrics",
                "ParleyTransfer", "ParleyWeb",
                "WebSocketWire",
                hummingbird, httpTypes, nioCore, nioHTTP1, nioPosix, logging, metrics,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
            ],
            resources: [.embedInCode("Resources")],
            swiftSettings: settings
        ),
        // Commands and wiring: the only place that sees drivers and features together.
        .executableTarget(
            name: "parley",
            dependencies: [
                "ParleyCore", "ParleyStore", "ParleySQLite", "ParleyPostgres", "ParleyRedis", "LibPQ", "RedisWire",
                "ParleyAuth", "ParleyChat", "ParleyLive", "ParleyOpenAI", "ParleyServer", "ParleyMetrics",
                "ParleyTransfer", "PrometheusMetrics",
                hummingbird, logging, metrics, lifecycle, asyncHTTPClient, nioCore, nioHTTP1, nioPosix,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
            ],
            resources: [.embedInCode("Personas/ai_pm.yaml")],
            swiftSettings: settings
        ),
        .target(
            name: "ParleyTesting",
            dependencies: ["ParleyCore", "ParleyStore"],
            swiftSettings: settings
        ),
        // A model's server that goes wrong on demand: for tests, benchmarks and trying things out. Ships with nothing.
        .target(
            name: "ParleyUpstream",
            dependencies: ["ParleyCore", nioCore, nioHTTP1, nioPosix],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "parley-upstream",
            dependencies: ["ParleyUpstream", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: settings
        ),
        // What Autobahn's test suite talks to. Ships with nothing.
        .executableTarget(
            name: "websocket-echo",
            dependencies: ["WebSocketWire", nioCore, nioPosix],
            path: "Tests/Autobahn/websocket-echo",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "parley-bench",
            dependencies: [
                "ParleyCore", "ParleyAuth", "ParleyChat", "ParleyServer", "ParleySQLite", "ParleyStore", "ParleyOpenAI",
                "ParleyMetrics", "ParleyUpstream", "PrometheusMetrics", "ParleyPostgres", "ParleyRedis", "LibPQ",
                "RedisWire",
                "ParleyTesting", metrics,
                hummingbird, httpTypes, nioCore, nioHTTP1, nioPosix, asyncHTTPClient, logging, lifecycle,
                crypto, .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            path: "Benchmarks/parley-bench",
            swiftSettings: settings
        ),
        // Loads a running server with sockets, from a process of its own. Ships with nothing.
        .executableTarget(
            name: "parley-load",
            dependencies: [
                "ParleyAuth", "ParleyCore", nioCore, nioHTTP1, nioPosix,
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            path: "Benchmarks/parley-load",
            swiftSettings: settings
        ),
        .testTarget(
            name: "LibPQTests",
            dependencies: ["LibPQ", "ParleyTesting", nioCore, nioPosix],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ParleyMarkdownTests",
            dependencies: ["ParleyMarkdown"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PrometheusMetricsTests",
            dependencies: ["ParleyTesting", "PrometheusMetrics", metrics],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ParleyCoreTests",
            dependencies: ["ParleyCore", "ParleyTesting"],
            resources: [.copy("Fixtures")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ParleyStoreTests",
            dependencies: [
                "ParleyCore", "ParleyMetrics", "ParleyStore", "ParleySQLite", "ParleyPostgres", "ParleyTesting",
                "ParleyRedis", "ParleyTransfer", "RedisWire", "LibPQ",
                "PrometheusMetrics", grdb, logging, metrics,
            ],
            resources: [.copy("Fixtures")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "RedisWireTests",
            dependencies: ["RedisWire", "ParleyTesting", lifecycle, logging, nioCore, nioEmbedded, nioPosix],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebSocketWireTests",
            dependencies: [
                "WebSocketWire", nioCore, nioEmbedded, nioHTTP1, nioPosix,
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ParleyRedisTests",
            dependencies: [
                "ParleyCore", "ParleyStore", "ParleySQLite", "ParleyPostgres", "ParleyRedis", "ParleyTesting", "LibPQ",
                "RedisWire",
                lifecycle, logging, nioCore, nioPosix,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ParleyAuthTests",
            dependencies: [
                "ParleyCore", "ParleyAuth", "ParleyStore", "ParleyTesting", crypto, logging, nioPosix,
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            resources: [.copy("Fixtures")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ParleyChatTests",
            dependencies: [
                "ParleyCore", "ParleyChat", "ParleyMetrics", "ParleyOpenAI", "ParleyStore", "ParleyTesting",
                "ParleyUpstream", "PrometheusMetrics", metrics,
                hummingbird, nioCore, logging, lifecycle, asyncHTTPClient,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ParleyLiveTests",
            dependencies: [
                "ParleyCore", "ParleyLive", "ParleyMetrics", "ParleyStore", "ParleyTesting", "PrometheusMetrics",
                lifecycle, logging, metrics,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ParleyTransferTests",
            dependencies: [
                "CZlib", "ParleyCore", "ParleyStore", "ParleyTesting", "ParleyTransfer", "RedisWire", logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ParleyServerTests",
            dependencies: [
                "ParleyCore", "ParleyAuth", "ParleyChat", "ParleyLive", "ParleyServer", "ParleyStore", "ParleySQLite",
                "WebSocketWire", "ParleyWeb", "ParleyTesting", "ParleyOpenAI", "ParleyUpstream", "ParleyMetrics",
                "PrometheusMetrics",
                "LibPQ", "RedisWire", metrics,
                "parley", "ParleyMarkdown", hummingbird, httpTypes, nioCore, nioHTTP1, nioPosix, logging,
                asyncHTTPClient,
                crypto,
                nioEmbedded, .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
