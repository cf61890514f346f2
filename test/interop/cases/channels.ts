/** Channels: programs and their streams, how they end, and volume. */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { ChannelError } from "../../../src/index.ts";
import { type Case, NotRun } from "../case.ts";
import { echoVolume, readText, run, sumOf, writeVolume } from "../remote.ts";

const MIB = 2 ** 20;

export const channelCases: readonly Case[] = [
  {
    id: "exec",
    sentence: "a command of a POSIX shell runs, with its words as they are",
    run: async (visit) => {
      const { connection } = await visit.connect();
      const { stdout } = await run(connection, { exec: "printf '%s|' \"a  b\" 'Grüße 👋' \"$((40 + 2))\"" });
      equal(stdout, "a  b|Grüße 👋|42|");
      return undefined;
    },
  },
  {
    id: "shell",
    sentence: "a shell without a terminal runs what is written to it",
    seconds: 20,
    run: async (visit) => {
      const { connection } = await visit.connect();
      const { stdout } = await run(connection, { shell: true }, "echo through the shell\nexit 0\n");
      ok(stdout.split("\n").includes("through the shell"), stdout);
      return undefined;
    },
  },
  {
    id: "subsystem",
    sentence: "the subsystem echo gives back what it is sent",
    needs: ["fixtures"],
    run: async (visit) => {
      const { connection } = await visit.connect();
      equal((await run(connection, { subsystem: "echo" }, "one\ntwo\n")).stdout, "one\ntwo\n");
      return undefined;
    },
  },
  {
    id: "unknown-subsystem",
    sentence: "a subsystem that does not exist is refused, and the connection lives on",
    run: async (visit) => {
      const { connection } = await visit.connect();
      await rejects(connection.session({ subsystem: "no-such-subsystem" }), ChannelError);
      equal(await Promise.race([connection.closed, "alive"]), "alive");
      return undefined;
    },
  },
  {
    id: "env",
    sentence: "the variable INTEROP reaches the program",
    needs: ["fixtures"],
    run: async (visit) => {
      const { connection, heard } = await visit.connect();
      const { stdout } = await run(connection, { exec: "echo $INTEROP", env: { INTEROP: "a b Ü" } });
      deepEqual(heard.refusedEnv, []);
      equal(stdout, "a b Ü\n");
      return undefined;
    },
  },
  {
    id: "env-refused",
    sentence: "a variable that the server does not take costs no more than a notice",
    needs: ["fixtures"],
    run: async (visit) => {
      const { connection, heard } = await visit.connect();
      const { stdout } = await run(connection, { exec: "echo [$LD_NO_SUCH]", env: { LD_NO_SUCH: "x" } });
      equal(stdout, "[]\n");
      deepEqual(heard.refusedEnv, ["LD_NO_SUCH"]);
      return undefined;
    },
  },
  {
    id: "exit-status",
    sentence: "exit statuses 0, 1, 42 and 255 are told",
    run: async (visit) => {
      for (const status of [0, 1, 42, 255]) {
        const { connection } = await visit.connect();
        deepEqual((await run(connection, { exec: `exit ${status}` })).exited, { status });
      }
      return undefined;
    },
  },
  {
    id: "exit-signal",
    sentence: "the signal that ended a program is told by its name",
    run: async (visit) => {
      const { connection } = await visit.connect();
      const { exited } = await run(connection, { exec: "kill -TERM $$" });
      ok(exited !== undefined && "signal" in exited, `told was ${JSON.stringify(exited)}`);
      equal(exited.signal, "TERM");
      return undefined;
    },
  },
  {
    id: "signal",
    sentence: "a signal that we send reaches the program",
    run: async (visit) => {
      if (visit.site.user === "root") throw new NotRun("OpenSSH delivers no signals to root's programs");
      const { connection } = await visit.connect();
      const session = await connection.session({ exec: "trap 'echo caught; exit 7' USR1; echo ready; cat; wait" });
      const reader = session.readable.pipeThrough(new TextDecoderStream() as never).getReader();
      ok(String((await reader.read()).value).startsWith("ready"));
      await session.signal("USR1");
      await session.writable.close(); // cat ends, so that the shell meets its trap
      let text = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += String(part.value);
      equal(text, "caught\n");
      deepEqual(await session.exited, { status: 7 });
      return undefined;
    },
  },
  {
    id: "stderr",
    sentence: "stdout and stderr come apart, and 1 MiB of unread stderr stalls nothing",
    run: async (visit) => {
      const both = await run((await visit.connect()).connection, { exec: "echo out; echo err >&2" });
      equal(both.stdout, "out\n");
      equal(both.stderr, "err\n");
      const session = await (await visit.connect()).connection.session({
        exec: `head -c ${MIB} /dev/zero >&2; echo done`,
      });
      equal(await readText(session.readable), "done\n");
      return undefined;
    },
  },
  {
    id: "eof-ours-first",
    sentence: "after our EOF the program still answers",
    run: async (visit) => {
      const { connection } = await visit.connect();
      const { stdout, exited } = await run(connection, { exec: "cat; sleep 0.2; echo after; exit 5" }, "before\n");
      equal(stdout, "before\nafter\n");
      deepEqual(exited, { status: 5 });
      return undefined;
    },
  },
  {
    id: "eof-theirs-first",
    sentence: "a program whose output has ended still reads what we send, and its status comes",
    seconds: 20,
    run: async (visit) => {
      const { connection } = await visit.connect();
      const session = await connection.session({ exec: 'exec >&- 2>&-; read line; test "$line" = late && exit 6' });
      equal((await sumOf(session.readable)).bytes, 0);
      const writer = session.writable.getWriter();
      await writer.write(new TextEncoder().encode("late\n"));
      await writer.close();
      deepEqual(await session.exited, { status: 6 });
      return undefined;
    },
  },
  {
    id: "volume-down",
    sentence: "64 MiB come from the server whole",
    seconds: 240,
    run: async (visit) => {
      const { connection } = await visit.connect();
      // Bytes that any machine can make, and whose hash is known.
      const session = await connection.session({ exec: `yes 0123456789abcde | head -c ${64 * MIB}` });
      deepEqual(await sumOf(session.readable), { bytes: 64 * MIB, sha256: expectedDown });
      return undefined;
    },
  },
  {
    id: "volume-up",
    sentence: "64 MiB reach the server whole, by its own sha256sum",
    seconds: 240,
    run: async (visit) => {
      const { connection } = await visit.connect();
      const session = await connection.session({ exec: "sha256sum" });
      const [text, sent] = await Promise.all([readText(session.readable), writeVolume(session, 64 * MIB)]);
      equal(text.split(" ")[0], sent.sha256);
      return undefined;
    },
  },
  {
    id: "tiny-windows",
    sentence: "1 MiB goes both ways through windows of a few KiB",
    run: async (visit) => {
      const { connection } = await visit.connect({ limits: { windowTotal: 8192 } });
      await echoVolume(connection, MIB);
      return undefined;
    },
  },
  {
    id: "twenty-channels",
    sentence: "twenty sessions at once on one connection, each with its own answer",
    run: async (visit) => {
      const { connection } = await visit.connect();
      const numbers = Array.from({ length: 20 }, (_, number) => number);
      const asked = await Promise.allSettled(numbers.map(() => connection.session({ exec: "cat" })));
      const sessions = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      if (visit.site.fixtures === undefined && sessions.length > 1 && sessions.length < numbers.length)
        throw new NotRun(`the server takes ${sessions.length} sessions on one connection (MaxSessions)`);
      for (const one of asked) if (one.status === "rejected") throw one.reason;
      const texts = await Promise.all(
        sessions.map(async (session, number) => {
          const writer = session.writable.getWriter();
          await writer.write(new TextEncoder().encode(`session ${number}\n`));
          await writer.close();
          return readText(session.readable);
        }),
      );
      deepEqual(
        texts,
        numbers.map((number) => `session ${number}\n`),
      );
      return undefined;
    },
  },
];

/** `yes 0123456789abcde | head -c 67108864 | sha256sum` */
const expectedDown = "7a4c4f8d651b89c8f4b69ee90fc3f6066a392844c9dd96867a5485b4fffe2086";
