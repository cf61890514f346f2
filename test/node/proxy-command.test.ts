/** A command in place of a TCP connection: its streams, its end, and what is said of it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ProxyCommandError, proxyCommand } from "../../src/node/proxy-command.ts";
import type { ByteDuplex } from "../../src/ssh/connection.ts";
import { until } from "../support/processes.ts";

let folder = "";
const lines: string[] = [];
const aborts: AbortController[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
  lines.length = 0;
  vi.stubEnv("SHELL", "/bin/sh");
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const abort of aborts.splice(0)) abort.abort();
  rmSync(folder, { recursive: true, force: true });
});

async function run(command: string): Promise<ByteDuplex & { readonly abort: AbortController }> {
  const abort = new AbortController();
  aborts.push(abort);
  return { ...(await proxyCommand(command, { signal: abort.signal, onLine: (line) => lines.push(line) })), abort };
}

async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  let all = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) all += decoder.decode(chunk, { stream: true });
  return all;
}

/** Resolves to the id that the command has written. */
async function idIn(name: string): Promise<number> {
  const read = (): string => {
    try {
      return readFileSync(join(folder, name), "utf8");
    } catch {
      return "";
    }
  };
  await until(`an id in ${name}`, () => read().endsWith("\n"));
  return Number(read());
}

function isAlive(id: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${id}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe.runIf(process.platform === "linux")("a proxy command", () => {
  test("carries bytes both ways, and ends with its stdin", async () => {
    const { readable, writable } = await run("cat");
    const writer = writable.getWriter();
    const read = text(readable);
    const bytes = new Uint8Array(300_000).fill(97);
    await writer.write(bytes);
    await writer.close();
    expect((await read).length).toBe(bytes.length);
  });

  test("is run by the user's shell, which it replaces", async () => {
    expect(await text((await run(`sh -c 'echo "$PPID"'`)).readable)).toBe(`${process.pid}\n`);
  });

  test("is run by /bin/sh where SHELL is not set", async () => {
    vi.stubEnv("SHELL", undefined);
    expect(await text((await run("printf '%s' 'a b'")).readable)).toBe("a b");
  });

  test("that fails says how, with its last words", async () => {
    const { readable } = await run("sh -c 'echo first >&2; printf \"no\\033[31m route\\n\\n\" >&2; exit 3'");
    const error = await text(readable).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProxyCommandError);
    expect(String(error)).toMatch(/ProxyCommand 'sh -c .*' exited with status 3: no\\x1b\[31m route$/);
    expect(lines).toEqual(["first", "no\\x1b[31m route"]);
  });

  test("that fails says so to who writes, too", async () => {
    const { readable, writable } = await run("sh -c 'exec <&-; echo no >&2; exit 3'");
    const writer = writable.getWriter();
    const writeOn = async (): Promise<void> => {
      for (;;) await writer.write(new Uint8Array(65_536));
    };
    await expect(writeOn()).rejects.toThrow(/exited with status 3: no$/);
    await expect(text(readable)).rejects.toThrow(/exited with status 3: no$/);
  });

  test("that is killed says so", async () => {
    const { readable } = await run("sh -c 'kill -9 $$'");
    await expect(text(readable)).rejects.toThrow("was ended by SIGKILL");
  });

  test("that is not there says so", async () => {
    await expect(text((await run("/no/such/program")).readable)).rejects.toThrow(/exited with status 127: .*not found/);
  });

  test("whose shell is not there says so", async () => {
    vi.stubEnv("SHELL", "/no/such/shell");
    await expect(text((await run("cat")).readable)).rejects.toThrow(/could not be started: .*ENOENT/);
  });

  test("that ends well ends the stream", async () => {
    expect(await text((await run("printf x")).readable)).toBe("x");
  });

  test("is ended with all that it started when nobody reads any more", async () => {
    const { readable } = await run(`sh -c 'sleep 1000 & echo $! > ${folder}/child; echo $$ > ${folder}/own; wait'`);
    const ids = [await idIn("child"), await idIn("own")];
    expect(ids.map(isAlive)).toEqual([true, true]);
    await readable.cancel();
    await until("the end of both", () => !ids.some(isAlive));
  });

  test("is made to end where it does not want to", async () => {
    const { writable } = await run(`sh -c 'trap "" HUP TERM; echo $$ > ${folder}/own; while :; do sleep 1; done'`);
    const id = await idIn("own");
    await writable.abort();
    await until("its end", () => !isAlive(id));
  });

  test("is ended with what it leaves behind that does not want to end", async () => {
    const stubborn = `(trap "" HUP TERM; sh -c "echo \\$PPID" > ${folder}/child; while :; do sleep 1; done) & exec cat`;
    const { writable } = await run(`sh -c '${stubborn}'`);
    const id = await idIn("child");
    await writable.abort();
    await until("its end", () => !isAlive(id));
  });

  test("is ended by the signal", async () => {
    const { readable, abort } = await run(`sh -c 'echo $$ > ${folder}/own; exec sleep 1000'`);
    const id = await idIn("own");
    abort.abort();
    await until("its end", () => !isAlive(id));
    await readable.cancel();
  });

  test("that talks without end on stderr is cut, line by line", async () => {
    await text((await run("sh -c 'head -c 100000 /dev/zero | tr \"\\\\0\" x >&2'")).readable);
    expect(lines.length).toBeGreaterThan(1);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(515);
  });
});
