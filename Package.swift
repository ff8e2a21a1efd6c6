// swift-tools-version: 6.2

import PackageDescription

// MARK: - Settings that every Swift target shares

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),  // SE-0335
  .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
  .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
  .enableUpcomingFeature("InferIsolatedConformances"),  // SE-0470
]

let cSettings: [CSetting] = [.enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error)]

// MARK: - Products of other packages

let collections = "swift-collections"
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let metricsTesting = Target.Dependency.product(name: "MetricsTestKit", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let inMemoryTracing = Target.Dependency.product(
  name: "InMemoryTracing", package: "swift-distributed-tracing")
let instrumentation = Target.Dependency.product(name: "Instrumentation", package: "swift-distributed-tracing")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let rainbow = Target.Dependency.product(name: "Rainbow", package: "Rainbow")
let textTable = Target.Dependency.product(name: "TextTable", package: "TextTable")
let heap = Target.Dependency.product(name: "HeapModule", package: collections)
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycleTesting = Target.Dependency.product(
  name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle")
let deque = Target.Dependency.product(name: "DequeModule", package: collections)

// MARK: - Modules, from the ground up: an import only ever points down

/// A module of the library, its test suite included when it has one.
struct Module {
  var name: String
  var dependencies: [Target.Dependency] = []
  var testDependencies: [Target.Dependency]?
  /// What is built into the code.
  var resources: [Resource] = []
}

let modules = [
  Module(
    name: "SkeinSync", dependencies: ["CSkein", heap, deque],
    testDependencies: ["SkeinTesting", "TestPrograms"]),
  Module(
    name: "SkeinDiagnostics", dependencies: ["CSkein", "SkeinSync"],
    testDependencies: ["CSkein", "SkeinSync", "SkeinTesting", "TestPrograms", "DiagnosticsFixture"]),
  Module(
    name: "SkeinThreads", dependencies: ["CSkein", "SkeinSync"],
    testDependencies: [
      "CSkein", "SkeinSync", "SkeinDiagnostics", "SkeinTesting", "TestPrograms", "ThreadsFixture",
    ]),
  Module(
    name: "SkeinFutures", dependencies: ["CSkein", "SkeinSync", "SkeinThreads", heap, deque],
    testDependencies: ["SkeinSync", "SkeinThreads", "SkeinTesting", "SkeinDiagnostics", "TestPrograms"]),
  Module(name: "SkeinAsync", dependencies: ["SkeinSync"], testDependencies: ["SkeinTesting"]),
  Module(
    name: "SkeinResilience", dependencies: ["SkeinSync", deque],
    testDependencies: ["SkeinSync", "SkeinTesting"]),
  Module(name: "SkeinWork", testDependencies: ["SkeinTesting", "TestPrograms"]),
  Module(
    name: "SkeinProcesses",
    dependencies: ["CSkein", "SkeinSync", "SkeinThreads", "SkeinFutures", "SkeinWork", deque],
    testDependencies: [
      "CSkein", "SkeinSync", "SkeinThreads", "SkeinFutures", "SkeinWork", "SkeinTesting", "TestPrograms",
      "ProcessFunctions", "ProcessesFixture", "MemoryFixture",
    ]),
  Module(
    name: "SkeinNetwork",
    dependencies: [
      "CSkein", "CZlib", "SkeinSync", "SkeinResilience", nioCore, nioPosix, httpTypes, logging, metrics,
      tracing, instrumentation, lifecycle, deque,
    ],
    testDependencies: [
      "CSkein", "SkeinSync", "SkeinResilience", "SkeinTesting", "TestPrograms", nioCore, nioEmbedded,
      nioPosix,
      httpTypes, logging, metrics, metricsTesting, tracing, inMemoryTracing, lifecycle, lifecycleTesting,
      deque,
    ]),
  Module(
    name: "SkeinJobs",
    dependencies: [
      "CSkein", "SkeinSync", "SkeinFutures", "SkeinThreads", "SkeinProcesses", "SkeinResilience",
      "SkeinWork",
      grdb, logging, metrics, tracing, instrumentation, lifecycle, heap, deque,
    ],
    testDependencies: [
      "SkeinResilience", "SkeinSync", "SkeinTesting", "SkeinThreads", "SkeinWork", grdb, logging,
    ]),
  Module(
    name: "SkeinBuiltinJobs",
    dependencies: [
      "CSkein", "SkeinJobs", "SkeinResilience", "SkeinSync", "SkeinThreads", "SkeinWork", subprocess,
      systemPackage, logging,
    ],
    testDependencies: [
      "SkeinJobs", "SkeinTesting", "SkeinWork", "SkeinResilience", systemPackage, logging,
    ]),
  Module(
    name: "SkeinJobForms",
    dependencies: ["SkeinJobs", "SkeinBuiltinJobs", "SkeinResilience", "SkeinWork"],
    testDependencies: ["SkeinJobs", "SkeinBuiltinJobs", "SkeinResilience", "SkeinWork"]),
  Module(
    name: "SkeinDashboard",
    dependencies: [
      "CSkein", "SkeinBuiltinJobs", "SkeinJobs", "SkeinJobForms", "SkeinNetwork", "SkeinResilience",
      "SkeinSync",
      "SkeinWork",
      grdb, logging, httpTypes, lifecycle, nioCore,
    ],
    testDependencies: [
      "SkeinBuiltinJobs", "SkeinJobs", "SkeinJobForms", "SkeinNetwork", "SkeinSync", "SkeinTesting",
      "SkeinWork", grdb, httpTypes, logging, nioCore,
    ],
    resources: ["dashboard.css", "dashboard.js", "icon.svg", "openapi.json"].map { .embedInCode("Web/\($0)") }
  ),
  Module(
    name: "SkeinCommand",
    dependencies: [
      "CSkein", "SkeinJobs", "SkeinBuiltinJobs", "SkeinDashboard", "SkeinDiagnostics", "SkeinFutures",
      "SkeinJobForms", "SkeinNetwork",
      "SkeinProcesses",
      "SkeinResilience", "SkeinSync", "SkeinThreads", "SkeinWork", arguments, rainbow, textTable, logging,
      nioCore, httpTypes, lifecycle, unixSignals,
    ],
    testDependencies: [
      "SkeinJobs", "SkeinBuiltinJobs", "SkeinFutures", "SkeinJobForms", "SkeinResilience", "SkeinSync",
      "SkeinTesting", "SkeinWork", "skein", subprocess, systemPackage,
    ]),
  Module(
    name: "SkeinTesting", dependencies: ["SkeinSync", "SkeinThreads", "SkeinFutures", heap],
    testDependencies: ["SkeinSync", "SkeinThreads", "SkeinFutures"]),
  Module(
    name: "SkeinJobsTesting",
    dependencies: ["SkeinJobs", "SkeinSync", "SkeinTesting", "SkeinWork", logging],
    testDependencies: ["SkeinJobs", "SkeinResilience", "SkeinSync", logging]),
]

// MARK: - The package

/// With SKEIN_BASE_ONLY=1 there is nothing but the modules that stand on the standard library and swift-collections
/// alone, so that building them with a sanitizer, or in release with tests, takes a minute (see ./test).
let baseOnly = Context.environment["SKEIN_BASE_ONLY"] == "1"
let baseModules: Set = [
  "SkeinSync", "SkeinThreads", "SkeinFutures", "SkeinDiagnostics", "SkeinAsync", "SkeinResilience",
  "SkeinWork", "SkeinProcesses", "SkeinTesting",
]
let builtModules = modules.filter { !baseOnly || baseModules.contains($0.name) }

/// What tests of the base modules run as a process of its own, and how they do.
let baseSupport: [Target] = [
  .target(
    name: "TestPrograms", dependencies: ["CSkein", "SkeinTesting"], path: "Tests/TestPrograms",
    swiftSettings: swiftSettings),
  .executableTarget(
    name: "ThreadsFixture", dependencies: ["SkeinDiagnostics", "SkeinSync", "SkeinThreads", "TestPrograms"],
    path: "Tests/ThreadsFixture", swiftSettings: swiftSettings),
  .executableTarget(
    name: "DiagnosticsFixture", dependencies: ["SkeinDiagnostics", "SkeinSync", "TestPrograms"],
    path: "Tests/DiagnosticsFixture", swiftSettings: swiftSettings),
  .target(
    name: "ProcessFunctions",
    dependencies: ["CSkein", "SkeinProcesses", "SkeinSync", "SkeinTesting", "SkeinThreads", "SkeinWork"],
    path: "Tests/ProcessFunctions", swiftSettings: swiftSettings),
  .executableTarget(
    name: "ProcessesFixture", dependencies: ["ProcessFunctions", "SkeinProcesses", "SkeinSync"],
    path: "Tests/ProcessesFixture", swiftSettings: swiftSettings),
  .executableTarget(
    name: "MemoryFixture", dependencies: ["SkeinProcesses", "SkeinWork"],
    path: "Tests/MemoryFixture", swiftSettings: swiftSettings),
]

let executables: [Target] = [
  .executableTarget(name: "skein", dependencies: ["SkeinCommand"], swiftSettings: swiftSettings),
  // No test depends on it, or else its objects, and with them the faults, were linked into the tests' own program. It
  // is built all the same, as every target is.
  .executableTarget(
    name: "JobsFixture",
    dependencies: ["SkeinJobs", "SkeinProcesses", "SkeinWork", "SkeinResilience", "FixtureFaults", logging],
    path: "Tests/JobsFixture", swiftSettings: swiftSettings),
  .target(name: "FixtureFaults", path: "Tests/FixtureFaults", cSettings: cSettings),
]

let package = Package(
  name: "skein",
  products: builtModules.map { .library(name: $0.name, targets: [$0.name]) }
    + (baseOnly ? [] : [.executable(name: "skein", targets: ["skein"])]),
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/onevcat/Rainbow", from: "4.2.2"),
    .package(url: "https://github.com/ordo-one/TextTable", from: "0.0.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    .target(name: "CSkein", cSettings: cSettings)
  ]
    + (baseOnly ? [] : [.systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])])])
    + baseSupport
    + (baseOnly ? [] : executables)
    + builtModules.map {
      .target(
        name: $0.name, dependencies: $0.dependencies, resources: $0.resources, swiftSettings: swiftSettings)
    }
    + builtModules.compactMap { module in
      module.testDependencies.map {
        .testTarget(
          name: module.name + "Tests", dependencies: [.init(stringLiteral: module.name)] + $0,
          swiftSettings: swiftSettings)
      }
    }
)
