// swift-tools-version: 6.2

import PackageDescription

// The web servers in Swift that Skein is measured beside; a package of its own, because it takes minutes to build.

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
]

let package = Package(
  name: "http-peers",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    .executableTarget(
      name: "nio-http-server",
      dependencies: [.product(name: "NIOHTTP1", package: "swift-nio"), arguments] + nio),
    .executableTarget(
      name: "hummingbird-http-server",
      dependencies: [
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"), arguments,
      ] + nio),
    .executableTarget(
      name: "flyingfox-http-server",
      dependencies: [.product(name: "FlyingFox", package: "FlyingFox"), arguments]),
  ]
)
