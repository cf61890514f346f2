"""An SSH server by Paramiko, a thread for each thing that waits. What it has to do: ../README.md."""

import os
import socket
import subprocess
import threading
from glob import glob
from pathlib import Path

import paramiko

SUBSYSTEMS = {b"echo": b"cat", b"mcp": b"node /interop/mcp-server.mjs"}

INTEROP = Path("/interop")
HOST_KEYS = [paramiko.PKey.from_path(path) for path in sorted(glob("/interop/host_*_key"))]
AUTHORIZED = {line.split()[1] for line in (INTEROP / "authorized_keys").read_text().splitlines() if line}


def start(target, *args):
    threading.Thread(target=target, args=args, daemon=True).start()


class Server(paramiko.ServerInterface):
    def __init__(self):
        self.environment = {}  # of each channel

    def get_banner(self):
        return (INTEROP / "banner.txt").read_text(), "en"

    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        known = username == "tester" and key.get_base64() in AUTHORIZED
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_UNKNOWN_CHANNEL_TYPE

    def check_channel_env_request(self, channel, name, value):
        if name != b"INTEROP":
            return False
        self.environment[channel.get_id()] = {name: value}
        return True

    def check_channel_exec_request(self, channel, command):
        start(self.run, channel, ["sh", "-c", command])
        return True

    def check_channel_shell_request(self, channel):
        start(self.run, channel, ["sh"])
        return True

    def check_channel_subsystem_request(self, channel, name):
        command = SUBSYSTEMS.get(name.encode() if isinstance(name, str) else name)
        if command is None:
            return False
        start(self.run, channel, ["sh", "-c", command])
        return True

    def run(self, channel, args):
        env = {**os.environb, **self.environment.pop(channel.get_id(), {})}
        child = subprocess.Popen(
            args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, env=env
        )
        start(self.feed, channel, child)
        stderr = threading.Thread(target=self.drain, args=(child.stderr, channel.sendall_stderr), daemon=True)
        stderr.start()
        self.drain(child.stdout, channel.sendall)
        stderr.join()
        try:
            channel.shutdown_write()
            status = child.wait()
            channel.send_exit_status(status if status >= 0 else 128 - status)  # Paramiko has no exit-signal
        except OSError:
            pass  # the connection is gone
        channel.close()

    def feed(self, channel, child):
        try:
            while data := channel.recv(65536):
                child.stdin.write(data)
        except OSError:
            pass  # the program is gone
        child.stdin.close()

    def drain(self, pipe, send):
        try:
            while data := pipe.read(65536):
                send(data)
        except OSError:
            pass  # the channel is gone
        pipe.close()


def serve(connection):
    transport = paramiko.Transport(connection)
    for key in HOST_KEYS:
        transport.add_server_key(key)
    try:
        transport.start_server(server=Server())
    except (paramiko.SSHException, EOFError) as error:
        return print(error)
    channels = []  # a channel that nobody holds closes itself; what starts it is its request
    while transport.is_active():
        channels.append(transport.accept(60))


listener = socket.create_server(("0.0.0.0", 2222), backlog=100)
while True:
    start(serve, listener.accept()[0])
