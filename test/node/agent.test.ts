/** Agents on real sockets: OpenSSH's own, and one that misbehaves; what they sign is put before a real sshd. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Agent, waitFor } from "../../src/node/agent.ts";
import type { AgentIdentity } from "../../src/ssh/agent.ts";
import type { Signer } from "../../src/ssh/algorithms/interfaces.ts";
import { connectTo } from "../support/connect-to.ts";
import {
  type Behaviour,
  type FakeAgent,
  type FakeKey,
  plainEd25519,
  securityKeyEcdsa,
  securityKeyEd25519,
  startFakeAgent,
} from "../support/fake-agent.ts";
import { missingGpgAgent, startGpgAgent } from "../support/gpg-agent.ts";
import { describeNeeding } from "../support/needs.ts";
import { join as joined, sshString } from "../support/peer-crypto.ts";
import { stoppedWith } from "../support/processes.ts";
import { blobOf, makeKey, missingSshAgent, type SshAgent, startSshAgent } from "../support/ssh-agent.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

const data = new TextEncoder().encode("data");
let folder = "";
const stops: (() => Promise<void>)[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-agent-"));
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fakeAgent = (keys: readonly FakeKey[], behaviour?: Behaviour): Promise<FakeAgent> =>
  stoppedWith(stops, startFakeAgent(keys, behaviour));
const realAgent = (options?: { confirms: boolean }): Promise<SshAgent> => stoppedWith(stops, startSshAgent(options));

/** The signer for the first key of the agent. */
async function firstSigner(agent: Agent): Promise<Signer> {
  const [identity] = await agent.identities();
  const signer = identity && agent.signer(identity);
  if (signer === undefined) throw new Error("the agent has no key");
  return signer;
}

describe("an agent that cannot be asked", () => {
  const identities = (path: string) => new Agent(path).identities();
  const said = (path: string, why: string) => ({
    name: "AgentError",
    message: `The agent at ${path} was asked for the list of its keys: ${why}`,
  });

  test("no such socket", async () => {
    const path = join(folder, "none");
    await expect(identities(path)).rejects.toMatchObject({
      ...said(path, "there is no such socket"),
      fault: "unreachable",
    });
  });

  test("a socket whose agent has ended", async () => {
    const path = join(folder, "left");
    spawnSync(process.execPath, [
      "-e",
      `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`,
    ]);
    await expect(identities(path)).rejects.toMatchObject(
      said(path, "nobody listens there: the agent has ended, or this is no agent's socket"),
    );
  });

  test("a file that is no socket", async () => {
    const path = join(folder, "file");
    writeFileSync(path, "x");
    await expect(identities(path)).rejects.toMatchObject({ fault: "unreachable" });
  });

  test("a path with a part that is no folder", async () => {
    const path = join(folder, "plain-file", "agent");
    writeFileSync(join(folder, "plain-file"), "x");
    await expect(identities(path)).rejects.toMatchObject(
      said(path, "there is no such socket: a part of its path is not a folder"),
    );
  });

  test("a path that is longer than any socket's, though a part of it is one", async () => {
    const short = join(folder, "s".repeat(107 - folder.length - 1));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(short, resolve));
    stops.push(() => new Promise((resolve) => server.close(() => resolve())));
    const path = `${short}-and-more`;
    const longest = process.platform === "darwin" ? 103 : 107;
    await expect(identities(path)).rejects.toMatchObject(
      said(path, `no socket has a path longer than ${longest} bytes`),
    );
  });

  test("a path with control characters is shown escaped", async () => {
    await expect(identities(join(folder, "\u001b[31m"))).rejects.toThrow("\\x1b[31m was asked");
  });
});

describe("an agent that misbehaves", () => {
  const key = plainEd25519("a key");
  const rows: readonly (readonly [name: string, behaviour: Behaviour, fault: string, why: RegExp])[] = [
    ["hangs up", (_r, _a, socket) => void socket.destroy(), "protocol", /: it closed the connection without a reply$/],
    [
      "dies in the middle of its reply",
      (_r, answer, socket) => {
        socket.end(sshString(answer()).subarray(0, -1));
        return undefined;
      },
      "protocol",
      /: it closed the connection in the middle of its reply$/,
    ],
    ["refuses", () => sshString(Uint8Array.of(5)), "refused", /: it refused$/],
    ["says too much", () => Uint8Array.of(0xff, 0xff, 0xff, 0xff), "protocol", /: a reply of 4294967295 bytes/],
    ["says what was not asked", () => sshString(Uint8Array.of(6)), "protocol", /: message 6 came/],
    ["says it twice", (_r, answer) => joined(sshString(answer()), sshString(answer())), "protocol", /: bytes follow/],
    ["says nothing", () => undefined, "late", /: no reply within 0\.05 s$/],
  ];
  test.each(rows)("%s, asked for its keys", async (_, behaviour, fault, why) => {
    const { path } = await fakeAgent([key], behaviour);
    const error = await new Agent(path, fault === "late" ? { listTimeout: 50 } : {})
      .identities()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "AgentError", fault, message: expect.stringMatching(why) });
  });

  test.each(rows)("%s, asked for a signature", async (_, behaviour, fault, why) => {
    const { path } = await fakeAgent([key], (request, answer, socket) =>
      request[0] === 11 ? sshString(answer()) : behaviour(request, answer, socket),
    );
    const signer = await firstSigner(new Agent(path, fault === "late" ? { signTimeout: 50 } : {}));
    const error = await Promise.resolve(signer.sign(data, "ssh-ed25519")).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "AgentError", fault, message: expect.stringMatching(why) });
    expect((error as Error).message).toContain(`The agent at ${path} was asked for a signature by ssh-ed25519 a key: `);
  });

  test("a reply in single bytes is a reply", async () => {
    const { path } = await fakeAgent([key], (_r, answer, socket) => {
      for (const byte of sshString(answer())) socket.write(Uint8Array.of(byte));
      return undefined;
    });
    expect(await new Agent(path).identities()).toMatchObject([{ keyType: "ssh-ed25519", comment: "a key" }]);
  });

  test("whoever gives up waits no longer", async () => {
    const abort = new AbortController();
    const { path } = await fakeAgent([key], () => {
      abort.abort(new Error("given up"));
      return undefined;
    });
    const agent = new Agent(path, { signal: abort.signal });
    await expect(agent.identities()).rejects.toThrow("given up");
    await expect(agent.identities()).rejects.toThrow("given up");
  });
});

describe("a person is told", () => {
  /** Signs with this key's agent, which waits until somebody was told, if it is `slow`. */
  async function toldBy(key: FakeKey, slow: boolean, patience?: number): Promise<readonly string[]> {
    const told: string[] = [];
    let wake: () => void = () => {};
    const somebodyTold = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const { path } = await fakeAgent([key], (request, answer, socket) => {
      if (request[0] === 11 || !slow) return sshString(answer());
      void somebodyTold.then(() => socket.write(sshString(answer())));
      return undefined;
    });
    const onWait = (identity: AgentIdentity) => {
      told.push(waitFor("/run/agent", identity));
      wake();
    };
    const signer = await firstSigner(new Agent(path, { onWait, ...(patience === undefined ? {} : { patience }) }));
    await signer.sign(data, signer.algorithms[0]);
    return told;
  }

  test("to touch a security key, at once and once", async () => {
    const told = await toldBy(securityKeyEd25519("on my key ring"), true);
    expect(told).toEqual(["touch your security key: sk-ssh-ed25519@openssh.com on my key ring waits for it"]);
  });

  test("that an agent takes its time", async () => {
    const told = await toldBy(plainEd25519("of mine"), true, 1);
    expect(told).toEqual([
      "the agent at /run/agent has not signed yet: it may be asking whether ssh-ed25519 of mine may be used",
    ]);
  });

  test("nothing where it signs at once", async () => {
    expect(await toldBy(plainEd25519(), false)).toEqual([]);
  });
});

test("keys of a type that is never used have no signer", async () => {
  const blob = joined(sshString("ssh-dss"), sshString("x"));
  const { path } = await fakeAgent([{ ...plainEd25519(), publicKeyBlob: blob }]);
  const agent = new Agent(path);
  const [identity] = await agent.identities();
  expect(identity).toMatchObject({ keyType: "ssh-dss" });
  expect(identity && agent.signer(identity)).toBeUndefined();
});

describeNeeding(missingSshAgent() ?? missingSshd(), "a real ssh-agent", () => {
  test("refuses to sign where the person says no", async () => {
    const real = await realAgent({ confirms: false });
    makeKey(join(real.folder, "key"), "-t", "ed25519");
    real.add(join(real.folder, "key"), "-c");
    const signer = await firstSigner(new Agent(real.path));
    await expect(signer.sign(data, "ssh-ed25519")).rejects.toMatchObject({ fault: "refused" });
  });

  test("signs where the person says yes", async () => {
    const real = await realAgent({ confirms: true });
    makeKey(join(real.folder, "key"), "-t", "ed25519");
    real.add(join(real.folder, "key"), "-c");
    const signer = await firstSigner(new Agent(real.path));
    expect(await signer.sign(data, "ssh-ed25519")).toHaveLength(83);
  });

  test("shows no keys while it is locked", async () => {
    const real = await realAgent();
    makeKey(join(real.folder, "key"), "-t", "ed25519");
    real.add(join(real.folder, "key"));
    expect(await new Agent(real.path).identities()).toHaveLength(1);
    real.lock();
    expect(await new Agent(real.path).identities()).toEqual([]);
  });
});

describeNeeding(missingSshAgent() ?? missingGpgAgent() ?? missingSshd(), "a real sshd lets in", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server?.stop());

  /** Logs in with these keys, and says what the server has logged of it. */
  async function logIn(keys: readonly Signer[]): Promise<void> {
    const connection = await connectTo(server, { keys });
    const session = await connection.session({ exec: "exit 3" });
    expect(await session.exited).toEqual({ status: 3 });
    await connection.close();
  }

  function authorize(...lines: readonly string[]): void {
    writeFileSync(join(server.folder, "authorized_keys"), `${lines.join("\n")}\n`);
  }

  test.each([
    ["ed25519", ["-t", "ed25519"]],
    ["ecdsa 256", ["-t", "ecdsa", "-b", "256"]],
    ["ecdsa 384", ["-t", "ecdsa", "-b", "384"]],
    ["ecdsa 521", ["-t", "ecdsa", "-b", "521"]],
    ["rsa 3072", ["-t", "rsa", "-b", "3072"]],
  ])("a key of ssh-agent: %s", async (_, options) => {
    const real = await realAgent();
    const path = join(real.folder, "key");
    const line = makeKey(path, ...options);
    real.add(path);
    authorize(line);
    const signer = await firstSigner(new Agent(real.path));
    expect(signer.publicKeyBlob).toEqual(blobOf(line));
    await logIn([signer]);
  });

  test("keys of gpg-agent: ed25519, ECDSA and RSA", async () => {
    const gpg = startGpgAgent(["ed25519", "nistp384", "rsa3072"]);
    stops.push(async () => gpg.stop());
    const agent = new Agent(gpg.path);
    const identities = await agent.identities();
    const types = ["ssh-ed25519", "ecdsa-sha2-nistp384", "ssh-rsa"];
    expect(identities.map(({ keyType }) => keyType)).toEqual(types);
    for (const identity of identities) {
      authorize(`${identity.keyType} ${Buffer.from(identity.publicKeyBlob).toString("base64")}`);
      const signer = agent.signer(identity);
      for (const algorithm of signer?.algorithms ?? []) {
        await logIn([{ ...(signer as Signer), algorithms: [algorithm] }]);
      }
    }
  });

  test("a key of ssh-agent by its certificate", async () => {
    const real = await realAgent();
    const ca = join(real.folder, "ca");
    const path = join(real.folder, "key");
    authorize(`cert-authority ${makeKey(ca, "-t", "ed25519")}`);
    makeKey(path, "-t", "rsa", "-b", "3072");
    execFileSync("ssh-keygen", ["-q", "-s", ca, "-I", "id", "-n", server.user, `${path}.pub`], { stdio: "ignore" });
    real.add(path);
    const agent = new Agent(real.path);
    const identity = (await agent.identities()).find(({ keyType }) => keyType.includes("-cert-"));
    const signer = identity && agent.signer(identity);
    expect(signer?.algorithms[0]).toBe("rsa-sha2-512-cert-v01@openssh.com");
    await logIn(signer ? [signer] : []);
  });

  test.each([
    ["ed25519", securityKeyEd25519()],
    ["ecdsa", securityKeyEcdsa()],
  ])("a security key: %s", async (_, key) => {
    const { path } = await fakeAgent([key]);
    authorize(key.line);
    await logIn([await firstSigner(new Agent(path))]);
  });

  test("a security key that nobody touched only where that is allowed", async () => {
    const key = securityKeyEd25519("untouched", false);
    const { path } = await fakeAgent([key]);
    const signer = await firstSigner(new Agent(path));
    authorize(key.line);
    await expect(logIn([signer])).rejects.toMatchObject({ name: "AuthError" });
    authorize(`no-touch-required ${key.line}`);
    await logIn([signer]);
  });

  test("nobody whose agent signs with another key", async () => {
    const [shown, other] = [plainEd25519(), plainEd25519()];
    const { path } = await fakeAgent([{ ...shown, sign: other.sign }]);
    authorize(shown.line);
    await expect(logIn([await firstSigner(new Agent(path))])).rejects.toMatchObject({ name: "AuthError" });
  });
});
