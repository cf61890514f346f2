"""An SSH server by AsyncSSH. What it has to do: ../README.md."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE
from glob import glob
from pathlib import Path

import asyncssh

SUBSYSTEMS = {"echo": "cat", "mcp": "node /interop/mcp-server.mjs"}

INTEROP = Path("/interop")
AUTHORIZED = asyncssh.import_authorized_keys(
    (INTEROP / "authorized_keys").read_text() + "cert-authority " + (INTEROP / "user_ca.pub").read_text()
)


class Server(asyncssh.SSHServer):
    def connection_made(self, conn):
        self.connection = conn

    def begin_auth(self, username):
        self.connection.send_auth_banner((INTEROP / "banner.txt").read_text())
        if username == "tester":
            self.connection.set_authorized_keys(AUTHORIZED)
        return True

    def public_key_auth_supported(self):
        return True

    def session_requested(self):
        return Session(serve, None, 0, False)


class Session(asyncssh.SSHServerProcess):
    def subsystem_requested(self, subsystem):
        if subsystem == "disconnect":
            self.channel.get_connection().disconnect(asyncssh.DISC_BY_APPLICATION, "as you wish")
        return subsystem in SUBSYSTEMS


async def serve(process):
    command = process.command if process.subsystem is None else SUBSYSTEMS[process.subsystem]
    args = [] if command is None else ["-c", command]
    env = {**os.environ, **{name: value for name, value in process.env.items() if name == "INTEROP"}}
    child = await asyncio.create_subprocess_exec("sh", *args, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=env)
    # Not by process.redirect(): in 2.24.1 that reads the child's pipe twice at once when windows are full.
    feeding = asyncio.ensure_future(feed(process, child))
    await asyncio.gather(drain(child.stdout, process.stdout), drain(child.stderr, process.stderr))
    process.stdout.write_eof()
    status = await child.wait()
    feeding.cancel()
    if status < 0:
        process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
    else:
        process.exit(status)


async def feed(process, child):
    """Carries what the client sends, its signals too."""
    try:
        while True:
            try:
                data = await process.stdin.read(65536)
            except asyncssh.SignalReceived as received:
                child.send_signal(signal.Signals[f"SIG{received.signal}"])
                continue
            if not data:
                break
            child.stdin.write(data)
            await child.stdin.drain()
    except (OSError, asyncssh.Error):
        pass  # the connection or the program is gone
    child.stdin.close()


async def drain(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (OSError, asyncssh.Error):
        pass


async def main():
    await asyncssh.listen(
        "0.0.0.0",
        2222,
        server_factory=Server,
        server_host_keys=sorted(glob("/interop/host_*_key")),
        server_host_certs=sorted(glob("/interop/host_*_key-cert.pub")),
        rekey_bytes=16 * 2**20,
        allow_pty=False,
        encoding=None,
    )
    await asyncio.Event().wait()


asyncio.run(main())
