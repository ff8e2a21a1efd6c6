"""The benchmark's web server with aiohttp; several processes share the port."""

import argparse
import itertools
import os
import signal
import sys

from aiohttp import web

numbers = itertools.count()


async def text(request):
    return web.Response(text="Hello, World!\n")


async def json(request):
    return web.json_response({"message": "Hello, World!"})


async def posts(request):
    return web.Response(text=f"posts of {int(request.match_info['id'])}")


@web.middleware
async def with_id(request, handler):
    response = await handler(request)
    response.headers["X-Request-Id"] = request.headers.get("X-Request-Id") or f"{next(numbers):x}"
    return response


@web.middleware
async def with_security(request, handler):
    response = await handler(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return response


@web.middleware
async def with_origins(request, handler):
    response = await handler(request)
    if "Origin" in request.headers:
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--root")
    arguments = parser.parse_args()
    children = []
    for _ in range(arguments.threads - 1):
        child = os.fork()
        if child == 0:
            children = []
            break
        children.append(child)
    app = web.Application()
    app.router.add_get("/plaintext", text)
    app.router.add_get("/json", json)
    app.router.add_static("/files/", os.path.join(arguments.root, "files"))
    api = web.Application(middlewares=[with_id, with_security, with_origins])
    for name in "abcdefgh":
        api.router.add_get("/" + name + r"/{id:\d+}", text)
    api.router.add_get(r"/users/{id:\d+}/posts", posts)
    app.add_subapp("/api", api)
    web.run_app(
        app, host="127.0.0.1", port=arguments.port, reuse_port=True, access_log=None, backlog=4096, print=None
    )
    for child in children:
        os.kill(child, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
