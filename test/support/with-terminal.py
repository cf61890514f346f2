"""Runs a command whose controlling terminal, and stderr, is a new pseudo-terminal; its stdin and stdout are ours.

What the terminal shows goes to our stderr; what is typed comes in on file descriptor 3. SIGTERM is handed on. Says at
the end how the command left the terminal, and exits as it did. With --background it is no job of the foreground; with
--stdin its stdin is the terminal too.
"""
import fcntl, os, pty, select, signal, sys, termios

option = sys.argv[1] if sys.argv[1].startswith("--") else ""
background = option == "--background"
command = sys.argv[2 if option else 1:]
master, slave = pty.openpty()
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.dup2(slave, 2)
    if option == "--stdin":
        os.dup2(slave, 0)
    os.close(master)
    os.close(3)
    if background:
        job = os.fork()
        if job != 0:
            os._exit(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]) % 256)
        os.setpgid(0, 0)
    os.execvp(command[0], command)

signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
status = None
sources = [master, 3]
while status is None:
    for source in select.select(sources, [], [], 0.02)[0]:
        data = os.read(source, 4096)
        if source == master:
            os.write(2, data)
        elif data:
            os.write(master, data)
        else:
            sources.remove(3)
    done, found = os.waitpid(child, os.WNOHANG)
    status = found if done else None
while select.select([master], [], [], 0)[0]:
    os.write(2, os.read(master, 4096))
flags = termios.tcgetattr(slave)[3]
echo, lines = bool(flags & termios.ECHO), bool(flags & termios.ICANON)
os.write(2, f"\nterminal: echo {'on' if echo else 'off'}, lines {'on' if lines else 'off'}\n".encode())
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
