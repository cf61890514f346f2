"""An SSH server by AsyncSSH, on which the reference server stands.

Arguments: host keys with commas between (several are listed after login, too), authorized keys ("-" lets everybody in
without proof, as the reference server does), and the command of a shell request. Refuses a pty, as the reference server does. Prints the port on its first line. Ends at the end of
its stdin.
"""

import asyncio
import sys

import asyncssh

HOST_KEY, AUTHORIZED_KEYS, SHELL_COMMAND = sys.argv[1:]


class Server(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return AUTHORIZED_KEYS != "-"


async def serve(process: asyncssh.SSHServerProcess) -> None:
    command = process.command or SHELL_COMMAND
    child = await asyncio.create_subprocess_shell(
        command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    # Not by process.redirect(): in 2.24.1 that reads the child's pipe twice at once when windows are full.
    feeding = asyncio.ensure_future(copy(process.stdin, child.stdin, close=True))
    await asyncio.gather(copy(child.stdout, process.stdout), copy(child.stderr, process.stderr))
    feeding.cancel()
    process.exit(await child.wait())


async def copy(reader, writer, close: bool = False) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (OSError, asyncssh.Error):
        pass  # the connection or the command is gone: what it leaves ends by itself
    if close:
        writer.close()


async def main() -> None:
    keys = None if AUTHORIZED_KEYS == "-" else AUTHORIZED_KEYS
    listener = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Server,
        server_host_keys=HOST_KEY.split(","),
        send_server_host_keys="," in HOST_KEY,
        authorized_client_keys=keys,
        process_factory=serve,
        allow_pty=False,
        encoding=None,
    )
    print(listener.get_port(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
