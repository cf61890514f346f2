/** Which keys are tried, with keys of ssh-keygen's and an agent of our own on a real socket. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Agent } from "../../src/node/agent.ts";
import { findSigners, type IdentityOptions } from "../../src/node/identities.ts";
import { type KeyChoice, readChoices } from "../../src/node/key-choices.ts";
import { signerOfFile } from "../../src/node/keys.ts";
import {
  type Behaviour,
  type FakeAgent,
  type FakeKey,
  plainEd25519,
  securityKeyEd25519,
  startFakeAgent,
} from "../support/fake-agent.ts";
import { describeNeeding } from "../support/needs.ts";
import { sshString } from "../support/peer-crypto.ts";
import { blobOf, makeKey, missingSshAgent } from "../support/ssh-agent.ts";

let folder = "";
let agent: FakeAgent | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-identities-"));
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What came of it: the base64 of each signer's blob, or the error, and what was said. */
interface Found {
  readonly blobs: readonly string[];
  readonly error: unknown;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

type Asked = Partial<Pick<IdentityOptions, "agent" | "certificateFiles" | "isOnlyFiles">>;

async function find(choices: readonly KeyChoice[], asked: Asked = {}): Promise<Found> {
  const warnings: string[] = [];
  const notes: string[] = [];
  const signers = findSigners({
    files: await readChoices(choices),
    agent: undefined,
    isOnlyFiles: true,
    open: (file) => signerOfFile(file),
    agentAt: async (path) => new Agent(path),
    onWarning: (text) => void warnings.push(text),
    onNote: (text) => void notes.push(text),
    ...asked,
  });
  const found = await signers.then(
    (all) => ({ blobs: all.map(({ publicKeyBlob }) => base64(publicKeyBlob)), error: undefined }),
    (error: unknown) => ({ blobs: [], error }),
  );
  return { ...found, warnings, notes };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

const named = (...paths: readonly string[]): readonly KeyChoice[] => paths.map((path) => ({ path, isNamed: true }));
const unnamed = (...paths: readonly string[]): readonly KeyChoice[] => paths.map((path) => ({ path, isNamed: false }));

async function holding(keys: readonly FakeKey[], behaviour?: Behaviour): Promise<{ path: string; isNamed: boolean }> {
  agent = await startFakeAgent(keys, behaviour);
  return { path: agent.path, isNamed: true };
}

/** Writes the public half of a key of the agent's. */
function publicFile(name: string, key: FakeKey): string {
  const path = join(folder, name);
  writeFileSync(path, `${key.line} ${key.comment}\n`);
  return path;
}

/** What the agent must hold to sign for a file. */
function asHeld(line: string): FakeKey {
  return { ...plainEd25519(), publicKeyBlob: blobOf(line), line };
}

describeNeeding(missingSshAgent(), "which keys are tried", () => {
  let first = "";
  let second = "";
  let encrypted = "";
  const lines: Record<string, string> = {};
  const blob = (path: string) => (lines[path] ?? "").split(" ")[1];

  beforeAll(() => {
    [first, second, encrypted] = ["first", "second", "encrypted"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const path of [first, second, encrypted]) lines[path] = makeKey(path, "-t", "ed25519");
    execFileSync("ssh-keygen", ["-q", "-p", "-N", "secret", "-f", encrypted]);
  });

  test("the files that were named, in order, none twice, and no agent is asked", async () => {
    const { path } = await holding([plainEd25519()]);
    const { blobs } = await find(named(second, first, second), { agent: { path, isNamed: true } });
    expect(blobs).toEqual([blob(second), blob(first)]);
    expect(agent?.requests).toEqual([]);
  });

  test("the key of a named public key alone, whatever else the agent holds", async () => {
    const keys = [0, 1, 2, 3, 4, 5, 6].map((n) => plainEd25519(`key ${n}`));
    const wanted = keys[6] as FakeKey;
    const path = publicFile("wanted.pub", wanted);
    const { blobs, warnings } = await find(named(path), { agent: await holding(keys) });
    expect(blobs).toEqual([base64(wanted.publicKeyBlob)]);
    expect(agent?.requests).toEqual([11]);
    expect(warnings).toEqual([]); // that anybody may read it is as it should be
  });

  test("files and public keys in the order in which they were named", async () => {
    const key = plainEd25519();
    const { blobs } = await find(named(first, publicFile("key.pub", key), second), { agent: await holding([key]) });
    expect(blobs).toEqual([blob(first), base64(key.publicKeyBlob), blob(second)]);
  });

  test("by the agent, where a named file is encrypted and the agent holds its key", async () => {
    const held = asHeld(lines[encrypted] ?? "");
    const { blobs, notes } = await find(named(encrypted), { agent: await holding([plainEd25519(), held]) });
    expect(blobs).toEqual([blob(encrypted)]);
    expect(notes).toEqual([`the agent signs for ${encrypted}`]);
  });

  test("by the agent, where an encrypted file does not show its public half, but the file beside it does", async () => {
    const path = join(folder, "pem");
    const line = makeKey(path, "-t", "rsa", "-b", "2048", "-m", "PEM");
    execFileSync("ssh-keygen", ["-q", "-p", "-N", "secret", "-m", "PEM", "-f", path]);
    const { blobs } = await find(named(path), { agent: await holding([asHeld(line)]) });
    expect(blobs).toEqual([line.split(" ")[1]]);
  });

  test("not an encrypted one that no agent holds: it needs its passphrase", async () => {
    const without = await find(named(encrypted));
    expect(without.error).toMatchObject({ name: "PassphraseError", reason: "needed" });
    const { error } = await find(named(encrypted), { agent: await holding([plainEd25519()]) });
    expect(error).toMatchObject({ name: "PassphraseError", reason: "needed" });
  });

  test("not an encrypted one where the agent, which nobody named, does not answer", async () => {
    const { error, notes } = await find(named(encrypted), { agent: { path: join(folder, "none"), isNamed: false } });
    expect(error).toMatchObject({ name: "PassphraseError", reason: "needed" });
    expect(notes.join()).toContain("there is no such socket");
  });

  test("without a name: the files that are of use, then what else the agent holds, none twice", async () => {
    const others = [plainEd25519("other"), securityKeyEd25519()];
    const held = [...others, asHeld(lines[second] ?? "")];
    const options = { agent: await holding(held), isOnlyFiles: false };
    const { blobs, notes } = await find(unnamed(join(folder, "none"), first, encrypted, second), options);
    expect(blobs).toEqual([blob(first), blob(second), ...others.map((key) => base64(key.publicKeyBlob))]);
    expect(notes.join()).toContain(`Cannot use the key ${encrypted}: `);
    expect(agent?.requests).toEqual([11]);
  });

  test("without a name, keys of types that are never used are left out", async () => {
    const dsa = { ...plainEd25519(), publicKeyBlob: Uint8Array.from([...sshString("ssh-dss"), ...sshString("x")]) };
    const key = plainEd25519();
    const { blobs } = await find([], { agent: await holding([dsa, key]), isOnlyFiles: false });
    expect(blobs).toEqual([base64(key.publicKeyBlob)]);
  });

  test("five at most, with a warning that says how to name the right one", async () => {
    const keys = [0, 1, 2, 3, 4, 5].map((n) => plainEd25519(`key ${n}`));
    const { blobs, warnings } = await find(unnamed(first), { agent: await holding(keys), isOnlyFiles: false });
    expect(blobs).toEqual([blob(first), ...keys.slice(0, 4).map((key) => base64(key.publicKeyBlob))]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^only the first 5 of 7 keys are tried, .*--client-key/);
  });

  test("an agent that nobody named may be missing where there is another key", async () => {
    const { blobs, error } = await find(unnamed(first), {
      agent: { path: join(folder, "none"), isNamed: false },
      isOnlyFiles: false,
    });
    expect(error).toBeUndefined();
    expect(blobs).toEqual([blob(first)]);
  });

  test("an agent that was named must answer", async () => {
    const options = { agent: { path: join(folder, "none"), isNamed: true }, isOnlyFiles: false };
    const { error } = await find(unnamed(first), options);
    expect(error).toMatchObject({ name: "AgentError", fault: "unreachable" });
  });

  test("a private key that others can read is warned of", async () => {
    const path = join(folder, "open");
    makeKey(path, "-t", "ed25519");
    chmodSync(path, 0o644);
    expect((await find(named(path))).warnings.join()).toContain("has insecure permissions");
  });
});

describeNeeding(missingSshAgent(), "nothing to try", () => {
  test("a public key, and no agent", async () => {
    const path = publicFile("alone.pub", plainEd25519());
    const { error } = await find(named(path));
    expect(error).toMatchObject({
      name: "IdentityError",
      lack: "agent",
      message: `${path} is a public key, and there is no agent to sign for it`,
    });
  });

  test("a public key that the agent does not hold", async () => {
    const [wanted, held] = [plainEd25519(), plainEd25519()];
    const path = publicFile("absent.pub", wanted);
    const { error } = await find(named(path), { agent: await holding([held]) });
    const fingerprint = (key: FakeKey) => {
      const line = execFileSync("ssh-keygen", ["-l", "-f", publicFile("any.pub", key)], { encoding: "utf8" });
      return line.split(" ")[1];
    };
    expect(error).toMatchObject({
      name: "IdentityError",
      lack: "identity",
      message: `The agent at ${agent?.path} does not sign for the key of ${path} (ssh-ed25519 ${fingerprint(wanted)}): it holds ${fingerprint(held)}`,
    });
  });

  test("a public key, and an agent that shows no keys", async () => {
    const { error } = await find(named(publicFile("locked.pub", plainEd25519())), { agent: await holding([]) });
    expect(error).toMatchObject({
      lack: "identity",
      message: expect.stringMatching(/: it shows no keys, as a locked one does$/),
    });
  });

  test("a public key, and an agent of the environment that does not answer", async () => {
    const path = publicFile("unanswered.pub", plainEd25519());
    const { error } = await find(named(path), { agent: { path: join(folder, "none"), isNamed: false } });
    expect(error).toMatchObject({ name: "AgentError", fault: "unreachable" });
  });

  test("a public key of a type that is never used", async () => {
    const key = { ...plainEd25519(), publicKeyBlob: Uint8Array.from([...sshString("ssh-dss"), ...sshString("x")]) };
    const path = join(folder, "dsa.pub");
    writeFileSync(path, `ssh-dss ${base64(key.publicKeyBlob)}\n`);
    const { error } = await find(named(path), { agent: await holding([key]) });
    expect(error).toMatchObject({ lack: "identity" });
  });

  test("no file, no agent", async () => {
    const { error } = await find(unnamed(join(folder, "a"), join(folder, "b")), { isOnlyFiles: false });
    expect(error).toMatchObject({
      lack: "key",
      message: `There is no key to log in with: ${folder}/a, ${folder}/b cannot be used`,
    });
  });

  test("no file, and an agent of the environment that does not answer, asked once", async () => {
    const options = { agent: { path: join(folder, "none"), isNamed: false }, isOnlyFiles: false };
    const { error, notes } = await find(unnamed(join(folder, "a")), options);
    expect(error).toMatchObject({
      lack: "key",
      message: expect.stringMatching(/cannot be used; The agent at .*: there is no such socket$/),
    });
    expect(notes).toHaveLength(1);
  });

  test("no file, and an agent that shows none", async () => {
    const { error } = await find(unnamed(join(folder, "a")), { agent: await holding([]), isOnlyFiles: false });
    expect(error).toMatchObject({
      lack: "key",
      message: `There is no key to log in with: ${folder}/a cannot be used; the agent at ${agent?.path} shows no keys, as a locked one does`,
    });
  });
});

describeNeeding(missingSshAgent(), "certificates (of ssh-keygen's)", () => {
  let authority = "";
  beforeAll(() => {
    authority = join(folder, "authority");
    makeKey(authority, "-t", "ed25519");
  });

  /** A new key with a certificate beside it; `args` as in `-V`. Returns the blobs of both. */
  function certified(name: string, ...args: readonly string[]): { path: string; key: string; certificate: string } {
    const path = join(folder, name);
    const key = makeKey(path, "-t", "ed25519").split(" ")[1] ?? "";
    execFileSync("ssh-keygen", ["-q", "-s", authority, "-I", "id", "-n", "me", ...args, `${path}.pub`]);
    return { path, key, certificate: blobIn(`${path}-cert.pub`) };
  }

  const blobIn = (path: string): string => readFileSync(path, "utf8").split(" ")[1] ?? "";

  test("beside a key is shown before the key", async () => {
    const { path, key, certificate } = certified("beside");
    expect(await find(named(path))).toMatchObject({ blobs: [certificate, key], warnings: [] });
  });

  test("beside a key that was not named likewise", async () => {
    const { path, key, certificate } = certified("unnamed");
    expect(await find(unnamed(path))).toMatchObject({ blobs: [certificate, key], warnings: [] });
  });

  test("beside the public key for which the agent signs", async () => {
    const held = plainEd25519();
    const path = publicFile("agents.pub", held);
    execFileSync("ssh-keygen", ["-q", "-s", authority, "-I", "id", "-n", "me", path]);
    const blobs = [blobIn(join(folder, "agents-cert.pub")), base64(held.publicKeyBlob)];
    expect(await find(named(path), { agent: await holding([held]) })).toMatchObject({ blobs, warnings: [] });
  });

  const holdingBlobs = (...blobs: readonly string[]) =>
    holding(blobs.map((blob) => ({ ...plainEd25519(), publicKeyBlob: Uint8Array.from(Buffer.from(blob, "base64")) })));

  test("that the agent holds of a named public key is shown before the key, and once", async () => {
    const [{ path, key, certificate }, other] = [certified("held"), certified("held-too")];
    const held = await holdingBlobs(other.key, other.certificate, key, certificate);
    expect((await find(named(`${path}.pub`), { agent: held })).blobs).toEqual([certificate, key]);
  });

  test("that the agent holds of a named public key is shown without the key where it holds that not", async () => {
    const { path, certificate } = certified("alone");
    expect((await find(named(`${path}.pub`), { agent: await holdingBlobs(certificate) })).blobs).toEqual([certificate]);
  });

  test.each(["key", "certificate"] as const)(
    "that was named itself is shown alone; the agent holds the %s",
    async (what) => {
      const made = certified(`itself-${what}`);
      const { blobs } = await find(named(`${made.path}-cert.pub`), { agent: await holdingBlobs(made[what]) });
      expect(blobs).toEqual([made.certificate]);
    },
  );

  test("that was named itself, and an agent that holds neither it nor its key", async () => {
    const [{ path }, other] = [certified("neither"), certified("nor")];
    const { error } = await find(named(`${path}-cert.pub`), { agent: await holdingBlobs(other.key) });
    expect(error).toMatchObject({ lack: "identity" });
  });

  test("that a configuration names is shown with the key that it is for, the agent's too", async () => {
    const { path, key, certificate } = certified("configured");
    const elsewhere = join(folder, "elsewhere.pub");
    renameSync(`${path}-cert.pub`, elsewhere);
    const other = join(folder, "other-of-two");
    const otherKey = makeKey(other, "-t", "ed25519").split(" ")[1] ?? "";
    const certificateFiles = [elsewhere, join(folder, "not-there.pub")];
    expect(await find(named(other, path), { certificateFiles })).toMatchObject({
      blobs: [otherKey, certificate, key],
      warnings: [],
    });
  });

  test.each<{ about: string; args: readonly string[]; says: RegExp }>([
    { about: "expired", args: ["-V", "-2d:-1d"], says: /^the certificate \S+-cert.pub expired at 20\S+: have the key/ },
    { about: "not valid yet", args: ["-V", "+1d:+2d"], says: /^the certificate \S+-cert.pub is not valid before 20/ },
  ])("that is $about is shown with a warning: the server's clock decides", async ({ about, args, says }) => {
    const { path, key, certificate } = certified(about.replaceAll(" ", "-"), ...args);
    const { blobs, warnings } = await find(named(path));
    expect(blobs).toEqual([certificate, key]);
    expect(warnings).toEqual([expect.stringMatching(says)]);
  });

  test.each<{ about: string; spoil: (path: string) => void; says: RegExp }>([
    {
      about: "a host's",
      spoil: (path) => execFileSync("ssh-keygen", ["-q", "-s", authority, "-I", "id", "-h", "-n", "me", `${path}.pub`]),
      says: /^Cannot use the certificate \S+-cert.pub: this is a host's certificate/,
    },
    {
      about: "another key's",
      spoil: (path) => writeFileSync(`${path}-cert.pub`, readFileSync(`${certified("another").path}-cert.pub`)),
      says: /^Cannot use the certificate \S+-cert.pub: this certificate is for another key$/,
    },
    {
      about: "no certificate",
      spoil: (path) => writeFileSync(`${path}-cert.pub`, readFileSync(`${path}.pub`)),
      says: /^Cannot use the certificate \S+-cert.pub: it is none$/,
    },
    {
      about: "no text of a key",
      spoil: (path) => writeFileSync(`${path}-cert.pub`, "hello"),
      says: /^Cannot use the certificate \S+-cert.pub: it is none$/,
    },
  ])("beside a key that is $about is warned of and left out", async ({ about, spoil, says }) => {
    const { path, key } = certified(`spoilt-${about.replaceAll(/\W/g, "-")}`);
    spoil(path);
    const { blobs, warnings } = await find(named(path));
    expect(blobs).toEqual([key]);
    expect(warnings).toEqual([expect.stringMatching(says)]);
  });
});
