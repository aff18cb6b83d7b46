# Starts systemd-resolved and asks it by Varlink (systemd-resolved.service(8), io.systemd.Resolve): an address on each line.
import json
import os
import socket
import subprocess
import sys
import time

daemon = subprocess.Popen([sys.argv[1]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    connection = socket.socket(socket.AF_UNIX)
    for _ in range(100):
        try:
            connection.connect("/run/systemd/resolve/io.systemd.Resolve")
            break
        except OSError:
            time.sleep(0.05)
    call = {"method": "io.systemd.Resolve.ResolveHostname", "parameters": {"name": sys.argv[2]}}
    connection.sendall(json.dumps(call).encode() + b"\0")
    reply = b""
    while not reply.endswith(b"\0"):
        chunk = connection.recv(65536)
        if not chunk:
            break
        reply += chunk
finally:
    daemon.kill()
    daemon.wait()
answer = json.loads(reply[:-1])
if "error" in answer:
    print(answer["error"])
    sys.exit(1)
for entry in answer["parameters"]["addresses"]:
    family = socket.AF_INET if len(entry["address"]) == 4 else socket.AF_INET6
    print(socket.inet_ntop(family, bytes(entry["address"])))
