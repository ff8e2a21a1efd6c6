"""The benchmark's web server as a plain ASGI application under uvicorn, with uvloop and httptools."""

import argparse
import json
import sys

import uvicorn


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/json":
        body, kind = json.dumps({"message": "Hello, World!"}).encode(), b"application/json"
    else:
        body, kind = b"Hello, World!\n", b"text/plain; charset=utf-8"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--root")
    arguments = parser.parse_args()
    uvicorn.run(
        "uvicorn_server:app", host="127.0.0.1", port=arguments.port, workers=arguments.threads, loop="uvloop",
        http="httptools", access_log=False, log_level="warning", backlog=4096, lifespan="off",
    )


if __name__ == "__main__":
    sys.exit(main())
