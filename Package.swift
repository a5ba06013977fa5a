// swift-tools-version:6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// The cursors are `~Escapable` and say how long what they return may live.
let lifetimes = strict + [.enableExperimentalFeature("Lifetimes")]

let package = Package(
    name: "kstate",
    products: [
        .executable(name: "kstate", targets: ["kstate"]),
        .library(name: "KernelState", targets: ["KernelState", "Netlink", "Conntrack", "IPVS", "Correlation"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CNetlink", path: "CModules/CNetlink", pkgConfig: "libnl-genl-3.0",
            providers: [.apt(["libnl-3-dev", "libnl-genl-3-dev"])]),
        .systemLibrary(
            name: "CNetfilterConntrack", path: "CModules/CNetfilterConntrack",
            providers: [.apt(["libnetfilter-conntrack-dev"])]),
        .systemLibrary(name: "CLinux", path: "CModules/CLinux"),
        .systemLibrary(name: "CCurl", path: "CModules/CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CZstd", path: "CModules/CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CZlib", path: "CModules/CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CYAML", path: "CModules/CYAML", providers: [.apt(["libyaml-dev"])]),

        // Records, then their sources: the two tables, and what else the kernel tells of a node.
        .target(name: "KernelState", swiftSettings: strict),
        .target(name: "Netlink", dependencies: ["KernelState", "CNetlink", "CLinux"], swiftSettings: lifetimes),
        .target(name: "Conntrack", dependencies: ["KernelState", "Netlink", "CNetlink", "CLinux"], swiftSettings: lifetimes),
        .target(name: "IPVS", dependencies: ["KernelState", "Netlink", "CNetlink", "CLinux"], swiftSettings: lifetimes),
        .target(
            name: "NodeReading", dependencies: ["KernelState", "Netlink", "Conntrack", "IPVS", "CLinux"], swiftSettings: lifetimes),

        // From records to what a user asked to see.
        .target(name: "Correlation", dependencies: ["KernelState"], swiftSettings: strict),
        .target(name: "Diagnosis", dependencies: ["KernelState", "Correlation"], swiftSettings: strict),
        .target(name: "Filters", dependencies: ["KernelState"], swiftSettings: strict),
        .target(name: "Rendering", dependencies: ["KernelState", "Diagnosis", "CLinux"], swiftSettings: strict),
        .target(name: "ConntrackText", dependencies: ["KernelState", "CNetfilterConntrack"], swiftSettings: strict),
        .target(name: "Kubernetes", dependencies: ["KernelState", "CCurl", "CYAML"], swiftSettings: strict),
        .target(name: "Redaction", dependencies: ["KernelState"], swiftSettings: strict),
        .target(name: "Terminal", dependencies: ["KernelState", "Rendering", "CLinux"], swiftSettings: strict),

        // The same records in a file.
        .target(
            name: "Snapshots",
            dependencies: [
                "KernelState", "CLinux", "CZstd", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),

        // The same records from what other tools have printed.
        .target(name: "Imports", dependencies: ["KernelState", "Conntrack", "IPVS", "CZlib"], swiftSettings: strict),

        .executableTarget(
            name: "kstate",
            dependencies: [
                "KernelState", "Netlink", "Conntrack", "IPVS", "NodeReading", "Snapshots", "Imports", "Kubernetes", "Redaction",
                "Correlation", "Diagnosis", "Filters", "Rendering", "ConntrackText", "Terminal", "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // One folder a target; the lab that makes real tables is in Tests/Lab.
        .executableTarget(
            name: "table-filler", dependencies: ["KernelState", "ConntrackText"], path: "Tests/Lab/TableFiller",
            swiftSettings: lifetimes),
        .executableTarget(
            name: "fact-printer", dependencies: ["KernelState", "Netlink", "IPVS", "NodeReading", "Correlation"],
            path: "Tests/Lab/FactPrinter", swiftSettings: lifetimes),
        .testTarget(name: "KernelStateTests", dependencies: ["KernelState"], swiftSettings: strict),
        .target(name: "ScriptedKernel", path: "Tests/Support/ScriptedKernel", swiftSettings: strict),
        .testTarget(name: "NetlinkTests", dependencies: ["Netlink", "KernelState", "CLinux", "ScriptedKernel"], swiftSettings: lifetimes),
        // The second decoder of conntrack's messages, and what holds the first one against it.
        .target(
            name: "PeerDecoder", dependencies: ["CNetfilterConntrack"], path: "Tests/Support/PeerDecoder", swiftSettings: strict,
            linkerSettings: [.linkedLibrary("netfilter_conntrack")]),
        .target(
            name: "DecoderComparison", dependencies: ["KernelState", "Netlink", "Conntrack", "PeerDecoder"],
            path: "Tests/Support/DecoderComparison", swiftSettings: lifetimes),
        .executableTarget(
            name: "capture-comparer", dependencies: ["DecoderComparison", "Netlink"], path: "Tests/Lab/CaptureComparer",
            swiftSettings: strict),
        .testTarget(
            name: "ConntrackTests",
            dependencies: [
                "Conntrack", "ConntrackText", "KernelState", "Netlink", "PeerDecoder", "DecoderComparison", "ScriptedKernel", "CLinux",
            ], swiftSettings: lifetimes),
        .testTarget(name: "IPVSTests", dependencies: ["IPVS", "Netlink"], swiftSettings: lifetimes),
        .testTarget(name: "NodeReadingTests", dependencies: ["NodeReading", "Netlink"], swiftSettings: lifetimes),
        .testTarget(name: "CorrelationTests", dependencies: ["Correlation", "Filters"], swiftSettings: strict),
        .testTarget(name: "DiagnosisTests", dependencies: ["Diagnosis"], swiftSettings: strict),
        .testTarget(name: "FiltersTests", dependencies: ["Filters", "Correlation"], swiftSettings: strict),
        .testTarget(name: "RenderingTests", dependencies: ["Rendering", "ConntrackText"], swiftSettings: strict),
        .testTarget(
            name: "KubernetesTests", dependencies: ["Kubernetes", "KernelState"], exclude: ["Support"], swiftSettings: strict),
        .testTarget(name: "RedactionTests", dependencies: ["Redaction", "KernelState"], swiftSettings: strict),
        .testTarget(name: "SnapshotsTests", dependencies: ["Snapshots", "KernelState"], swiftSettings: strict),
        .testTarget(name: "ImportsTests", dependencies: ["Imports", "KernelState"], swiftSettings: strict),
        .testTarget(name: "TerminalTests", dependencies: ["Terminal", "Rendering"], swiftSettings: strict),
    ]
)
