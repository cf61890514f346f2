/** What crosses, byte for byte, and what does not: our command as it is built, a real sshd, raw pipes for a host. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cuts } from "../mcp/cuts.ts";
import { endHosts, type Host, launch, startHost } from "../support/command.ts";
import { echoCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import { until } from "../support/processes.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

const MIB = 2 ** 20;

/** Lines that a proxy which parses would change. */
const LINES: Readonly<Record<string, string>> = {
  "an integer beyond 2^53":
    '{"jsonrpc":"2.0","method":"m","params":{"n":9007199254740993,"m":-123456789012345678901234567890}}',
  "numbers that no double holds as written":
    '{"jsonrpc":"2.0","method":"m","params":[1.0,-0,1e400,1E+2,0.10000000000000000555]}',
  "a key twice, in an odd order": '{"params":{"a":1,"a":2},"method":"m","jsonrpc":"2.0","method":"m"}',
  "escapes that need not be": '{"jsonrpc":"2.0","method":"m","params":{"s":"\\u0061\\/\\u002F\\ud83d\\ude00"}}',
  "lone surrogates as escapes": '{"jsonrpc":"2.0","method":"m","params":["\\ud800","\\udfff","\\udc00\\ud800"]}',
  "raw separators of other alphabets": '{"jsonrpc":"2.0","method":"m","params":"a\u2028b\u2029c\u0085d\u00a0e"}',
  "emoji and combining marks": '{"jsonrpc":"2.0","method":"m","params":"👩‍👩‍👧‍👦 e\u0301 \u202e"}',
  "odd white space": '  {\t"jsonrpc" : "2.0" ,"method":"m"  }\t ',
  "a carriage return at its end": '{"jsonrpc":"2.0","method":"m"}\r',
  "a batch": '[{"jsonrpc":"2.0","id":"b1","result":1.0},{"jsonrpc":"2.0","method":"m"}]',
  "members that nobody knows": '{"jsonrpc":"2.0","method":"m","x-new":{"deep":[[[[{}]]]]},"_meta":null}',
  "brackets and quotes inside strings": '{"jsonrpc":"2.0","method":"m","params":"}]\\"{[\\\\"}',
  "DEL and escaped control characters": '{"jsonrpc":"2.0","method":"m","params":"\u007f\\u0000\\b\\f"}',
};

const ALL = Object.values(LINES)
  .map((line) => `${line}\n`)
  .join("");

const IDS = ["1", '"1"', "0", "9007199254740993", "-12345678901234567890", '"a\\/b"', '"\\u00e9"', '"é\\ud83d\\ude00"'];

describeNeeding(missingSshd(), "lines through OpenSSH", () => {
  let server: SshServer;
  const hosts: Host[] = [];
  const start = (exec: string, flags: readonly string[] = []) => {
    const host = startHost(launch(server, { exec }, flags));
    hosts.push(host);
    return host;
  };
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(async () => {
    await endHosts(hosts);
    await server?.stop();
  });

  test.each(cuts)("cross unchanged both ways, written $name", async ({ name, of: cut }) => {
    const received = join(server.folder, `received ${name}`);
    const host = start(`tee '${received}'`);
    for (const piece of cut(Buffer.from(ALL))) host.write(piece);
    host.end();
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(readFileSync(received, "utf8")).toBe(ALL);
    expect(host.stdout().toString()).toBe(ALL);
  });

  test.each(IDS)("an answer bears the id as it was written: %s", async (id) => {
    const host = start(echoCommand);
    host.send(`{"jsonrpc":"2.0","id":${id},"method":"raw/echo","params":{}}`);
    expect(await host.line()).toBe(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
    host.end();
    expect((await host.exit).code).toBe(0);
  });

  test("ids that differ in type only are two requests, both answered", async () => {
    const host = start(echoCommand);
    host.send('{"jsonrpc":"2.0","id":1,"method":"raw/echo","params":"integer"}');
    host.send('{"jsonrpc":"2.0","id":"1","method":"raw/echo","params":"string"}');
    expect(await host.line()).toBe('{"jsonrpc":"2.0","id":1,"result":"integer"}');
    expect(await host.line()).toBe('{"jsonrpc":"2.0","id":"1","result":"string"}');
    host.end();
    expect((await host.exit).code).toBe(0);
  });

  test("junk from the host reaches the server as it is, junk from the server only stderr", async () => {
    const received = join(server.folder, "junk");
    const host = start(`tee '${received}'`);
    const junk = 'hello\n{"half":\n"text"\n42\n{"no":"jsonrpc"}\n';
    host.write(`${junk}{"jsonrpc":"2.0","method":"last"}\n`);
    host.end();
    await host.exit;
    expect(readFileSync(received, "utf8")).toBe(`${junk}{"jsonrpc":"2.0","method":"last"}\n`);
    expect(host.stdout().toString()).toBe('{"jsonrpc":"2.0","method":"last"}\n');
    expect(host.stderr()).toContain("hello");
  });

  test("what a shell profile prints goes to stderr, and a prompt before a message is cut off", async () => {
    const host = start(`echo 'Welcome to this machine'; printf 'user@host:~$ '; ${echoCommand}`);
    host.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
    expect(await host.line()).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
    await host.stderrMatch(/Welcome to this machine/);
    host.end();
    expect((await host.exit).code).toBe(0);
    expect(host.stdout().toString()).toBe('{"jsonrpc":"2.0","id":1,"result":{}}\n');
  });

  test("a last line without a newline passes if it is whole; half a message is dropped with a warning", async () => {
    const whole = start(`printf '{"jsonrpc":"2.0","method":"whole"}'`);
    await whole.exit;
    expect(whole.stdout().toString()).toBe('{"jsonrpc":"2.0","method":"whole"}\n');
    const half = start(`printf '{"jsonrpc":"2.0","method":"ha'`);
    await half.exit;
    expect(half.stdout().toString()).toBe("");
    expect(half.stderr()).toContain("ended in the middle of a message: the 29 bytes");
    expect(half.stderr()).not.toContain('"method":"ha');
  });

  test("a line of nearly 64 MiB comes through whole", async () => {
    const count = 64 * MIB - 200;
    const host = start(echoCommand);
    host.send(`{"jsonrpc":"2.0","id":1,"method":"raw/bytes","params":{"count":${count}}}`);
    const line = await host.line();
    const sha256 = createHash("sha256").update("0123456789abcdef".repeat(4 * MIB).slice(0, count));
    expect(line.slice(0, 130)).toContain(sha256.digest("hex"));
    expect(line.length).toBeGreaterThan(count);
    expect(line.endsWith('"}}')).toBe(true);
    host.end();
    expect((await host.exit).code).toBe(0);
  });

  test("a line above --max-line costs its request an error, and the session goes on", async () => {
    const host = start(echoCommand, ["--max-line", String(MIB)]);
    host.send(`{"jsonrpc":"2.0","id":7,"method":"raw/bytes","params":{"count":${2 * MIB}}}`);
    const { id, error } = JSON.parse(await host.line());
    expect({ id, code: error.code, source: error.data.source }).toEqual({
      id: 7,
      code: -31001,
      source: "mcp-ssh-client",
    });
    expect(error.message).toContain("--max-line");
    expect(error.data).toMatchObject({ reason: "line-too-long", limit: MIB });
    expect(error.data.length).toBeGreaterThan(2 * MIB);
    host.send('{"jsonrpc":"2.0","id":8,"method":"ping"}');
    expect(await host.line()).toBe('{"jsonrpc":"2.0","id":8,"result":{}}');
    host.end();
    expect((await host.exit).code).toBe(0);
  });

  test("a host that does not read holds the server up, and loses nothing", async () => {
    const total = 64;
    const progress = join(server.folder, "progress");
    // A MiB at a time to stdout, then a byte to a file: how far the server came.
    const program = `const line = '{"jsonrpc":"2.0","method":"m","params":"' + "x".repeat(${MIB} - 42) + '"}\\n';
      const fs = require("fs");
      for (let i = 0; i < ${total}; i++) { fs.writeSync(1, line); fs.appendFileSync(process.argv[1], "."); }`;
    const host = start(`'${process.execPath}' -e '${program.replaceAll("'", "'\\''")}' '${progress}'`);
    host.child.stdout?.pause();
    await until("the server's standstill", standsStill(progress));
    const held = readFileSync(progress).length;
    expect(held).toBeLessThan(total / 2);
    host.child.stdout?.resume();
    expect((await host.exit).code).toBe(0);
    expect(host.stdout().length).toBe(total * (MIB - 42 + '{"jsonrpc":"2.0","method":"m","params":""}\n'.length));
  });
});

/** Whether a file that something writes to has not grown over 50 looks, 10 ms apart. */
function standsStill(path: string): () => boolean {
  let last = 0;
  let looks = 0;
  return () => {
    const size = sizeOf(path);
    looks = size === last && size > 0 ? looks + 1 : 0;
    last = size;
    return looks >= 50;
  };
}

function sizeOf(path: string): number {
  try {
    return readFileSync(path).length;
  } catch {
    return 0;
  }
}
