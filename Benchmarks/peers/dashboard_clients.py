"""Clients of the dashboard: some who ask for pages and answers one after the other, and many who follow a page.

Usage: dashboard_clients.py URL REQUESTS_PER_SECOND FOLLOWERS ADDRESS...

Works until its standard input ends. Then it prints a JSON object: the milliseconds that each request of each address took, and
how many events the followers got.
"""

import asyncio
import json
import resource
import sys
import time


async def read_response(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    headers = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if b": " in line)
    if b"content-length" in headers:
        await reader.readexactly(int(headers[b"content-length"]))
    else:
        while True:
            size = int(await reader.readline(), 16)
            await reader.readexactly(size + 2)
            if size == 0:
                break
    return status


async def ask(host, port, rate, addresses, times):
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 24)
    number = 0
    start = time.monotonic()
    while True:
        address = addresses[number % len(addresses)]
        begin = time.monotonic()
        writer.write(f"GET {address} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html, */*\r\n\r\n".encode())
        status = await read_response(reader)
        if status != 200:
            raise SystemExit(f"{address}: {status}")
        times[address].append((time.monotonic() - begin) * 1000)
        number += 1
        await asyncio.sleep(max(0, start + number / rate - time.monotonic()))


async def follow(host, port, counts):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET /live?page=/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
    while data := await reader.read(1 << 16):
        counts[0] += data.count(b"event: part")


async def main():
    url, rate, followers, addresses = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    host, port = url.split("//")[1].split(":")
    times, counts = {address: [] for address in addresses}, [0]
    tasks = []
    for _ in range(followers):
        tasks.append(asyncio.create_task(follow(host, int(port), counts)))
        await asyncio.sleep(0.001)
    if addresses:
        tasks.append(asyncio.create_task(ask(host, int(port), rate, addresses, times)))
    print("ready", flush=True)
    end = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await asyncio.wait([end, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()
            raise SystemExit("a client has been cut off")
    print(json.dumps({"times": times, "events": counts[0]}), flush=True)
    for task in tasks:
        task.cancel()


asyncio.run(main())
