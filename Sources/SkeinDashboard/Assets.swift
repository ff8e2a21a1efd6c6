internal import HTTPTypes
internal import NIOCore
internal import SkeinNetwork

/// What pages load: it is within the program, and changes with it alone.
enum Assets {
  static func add(to router: inout Router) {
    add("dashboard.css", "text/css; charset=utf-8", PackageResources.dashboard_css, to: &router)
    add("dashboard.js", "text/javascript; charset=utf-8", PackageResources.dashboard_js, to: &router)
    add("icon.svg", "image/svg+xml", PackageResources.icon_svg, to: &router)
  }

  private static func add(_ name: String, _ type: String, _ bytes: [UInt8], to router: inout Router) {
    let body = ByteBuffer(bytes: bytes)
    let headers: HTTPFields = [
      .contentType: type, .eTag: "\"\(stableHash(bytes))\"", .cacheControl: "no-cache",
    ]
    router.get("/assets/\(name)") { request, _ in
      guard request.headers[.ifNoneMatch] != headers[.eTag] else {
        return Response(status: .notModified, headers: headers)
      }
      return Response(headers: headers, body: .bytes(body))
    }
  }
}
