// swift-tools-version: 6.2

import PackageDescription

// A package of its own: what only benchmarks need never enters Skein's manifest.

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
]

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let textTable = Target.Dependency.product(name: "TextTable", package: "TextTable")

let package = Package(
  name: "skein-benchmarks",
  dependencies: [
    .package(name: "skein", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/ordo-one/TextTable", from: "0.0.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    .target(name: "BenchReport", dependencies: [textTable], swiftSettings: swiftSettings),
    .executableTarget(
      name: "skein-bench",
      dependencies: [
        "BenchReport",
        .product(name: "SkeinJobs", package: "skein"),
        .product(name: "SkeinProcesses", package: "skein"),
        .product(name: "SkeinWork", package: "skein"),
        .product(name: "Logging", package: "swift-log"),
        arguments, subprocess, systemPackage, textTable,
      ],
      swiftSettings: swiftSettings),
    // Depends on few modules, so that it is built in a minute or two.
    .executableTarget(
      name: "skein-bench-peers",
      dependencies: [
        "BenchReport",
        .product(name: "SkeinSync", package: "skein"),
        .product(name: "SkeinFutures", package: "skein"),
        .product(name: "SkeinProcesses", package: "skein"),
        .product(name: "SkeinWork", package: "skein"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        arguments, subprocess, systemPackage, textTable,
      ],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "skein-bench-http", dependencies: ["BenchReport", arguments, textTable],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "skein-http-server",
      dependencies: [
        .product(name: "SkeinNetwork", package: "skein"),
        .product(name: "NIOPosix", package: "swift-nio"),
        arguments,
      ],
      swiftSettings: swiftSettings),
  ]
)
