import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Introduction } from "../../src/cli/introduction.ts";
import { parseFlags, type Settings } from "../../src/cli/settings.ts";
import type { HostConfig } from "../../src/node/host-config.ts";
import { KeyServerError } from "../../src/node/key-server-error.ts";
import { trustBy } from "../../src/node/trust.ts";
import type { Signer } from "../../src/ssh/algorithms/interfaces.ts";
import type { HostKey } from "../../src/ssh/connection.ts";
import { AuthError, HostKeyError } from "../../src/ssh/errors.ts";
import { fingerprint } from "../../src/ssh/known-hosts.ts";
import { type HttpServer, type Reply, startHttp } from "../support/http-servers.ts";
import { makeKeyPair } from "../support/ssh-server.ts";

const theirs = makeKeyPair().publicKey;
const another = makeKeyPair().publicKey;
const mine = makeKeyPair().publicKey;

const blobOf = (line: string): Uint8Array => new Uint8Array(Buffer.from(line.split(" ")[1] ?? "", "base64"));

const hostKeyOf = (line: string): HostKey => ({
  algorithm: line.split(" ")[0] ?? "",
  blob: blobOf(line),
  fingerprint: fingerprint(blobOf(line)),
});

const signer = (line: string, algorithm = "ssh-ed25519"): Signer => ({
  algorithms: [algorithm],
  publicKeyBlob: blobOf(line),
  sign: () => new Uint8Array(0),
});

const notLetIn = new AuthError("Authentication failed: publickey", [], ["publickey"], false);

let home = "";
let homeBefore: string | undefined;
let server: HttpServer | undefined;
let said: string[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "introduction-"));
  mkdirSync(join(home, ".ssh"));
  homeBefore = process.env["HOME"];
  process.env["HOME"] = home;
  said = [];
});
afterEach(async () => {
  if (homeBefore === undefined) delete process.env["HOME"];
  else process.env["HOME"] = homeBefore;
  await server?.stop();
  server = undefined;
  rmSync(home, { recursive: true, force: true });
});

const remembered = (): string => join(home, ".ssh", "mcp_ssh_client_known_hosts");
const know = (file: string, ...lines: readonly string[]): void =>
  writeFileSync(join(home, ".ssh", file), `${lines.join("\n")}\n`);

interface Met {
  /** Connects once more. */
  readonly again: () => Promise<Met>;
  readonly place: string;
  readonly introduction: Introduction;
  readonly judge: (line: string) => Promise<void>;
  readonly algorithms: readonly string[];
  readonly asked: readonly string[];
}

/** Begins, and goes on to where the host key is to be judged. */
async function begin(
  reply: Reply | ((request: { readonly method?: string | undefined }) => Reply) = { json: { server_pub_key: theirs } },
  flags: readonly string[] = [],
  configured?: Pick<HostConfig, "userKnownHosts">,
): Promise<Met> {
  server = await startHttp(reply);
  const asking = ["--host", "127.0.0.1", "--use-key-server", "--key-server-port", String(server.port)];
  const settings = parseFlags([...asking, ...flags], () => "me") as Settings;
  const level = (name: string) => (text: string) => void said.push(`${name}: ${text}`);
  const log = {
    debug: level("debug"),
    info: level("info"),
    warning: level("warning"),
    error: level("error"),
    critical: level("critical"),
  };
  const { signal } = new AbortController();
  const config = configured as HostConfig | undefined;
  const options = { log, signal, socket: new Promise(() => {}) };
  const introduction = new Introduction({ ...settings, config }, options);
  const { asked } = server;
  const goOn = (before: Introduction) =>
    meet(new Introduction({ ...settings, config }, options, before), settings, asked, goOn);
  return meet(introduction, settings, asked, goOn);
}

async function meet(
  introduction: Introduction,
  settings: Settings,
  asked: readonly string[],
  again: (before: Introduction) => Promise<Met>,
): Promise<Met> {
  const { host, port, hostKeyPins: pins } = settings;
  const trust = introduction.trusting(
    trustBy(await introduction.knownHosts, "~/.ssh/known_hosts", { host, port, pins }),
  );
  const judge = async (line: string): Promise<void> => trust.verifyHostKey(hostKeyOf(line));
  const place = await introduction.place();
  return { introduction, place, judge, algorithms: trust.hostKeyAlgorithms, asked, again: () => again(introduction) };
}

const name = "[127.0.0.1]:8022";
const get = "GET /server_pub_key";
const post = `POST /register {"client_pub_key":"${mine}"}`;

describe("an unknown host", () => {
  it("may have the key that the key server gave, which is remembered once it has shown it", async () => {
    const { judge, asked, algorithms, place } = await begin();
    expect(asked).toEqual([get]);
    expect(place).toBe("~/.ssh/mcp_ssh_client_known_hosts");
    expect(algorithms).toEqual(["ssh-ed25519"]);
    expect(existsSync(remembered())).toBe(false);
    await judge(theirs);
    expect(readFileSync(remembered(), "utf8")).toBe(`${name} ${theirs}\n`);
    expect(said.filter((line) => line.startsWith("warning"))).toEqual([
      expect.stringContaining(`${fingerprint(blobOf(theirs))}, is taken from the key server (http://127.0.0.1:`),
    ]);
    const { length } = said;
    await judge(theirs);
    await expect(judge(another)).rejects.toThrow(HostKeyError);
    expect(said).toHaveLength(length);
  });

  it("may not have another", async () => {
    const { judge } = await begin();
    await expect(judge(another)).rejects.toThrow(
      /^Host key verification failed: 127\.0\.0\.1 port 8022 showed ssh-ed25519 .*, but http/,
    );
    expect(existsSync(remembered())).toBe(false);
  });

  it("may not have one that is revoked, whatever the key server says", async () => {
    know("known_hosts", `@revoked * ${theirs}`);
    const { judge } = await begin();
    await expect(judge(theirs)).rejects.toMatchObject({ verdict: "revoked" });
    expect(existsSync(remembered())).toBe(false);
  });

  it("may not have one over plain HTTP where an authority vouches for the host", async () => {
    know("known_hosts", `@cert-authority * ${another}`);
    const { judge, asked } = await begin();
    expect(asked).toEqual([get]);
    const refusal = judge(theirs);
    await expect(refusal).rejects.toMatchObject({ verdict: "unknown" });
    await expect(refusal).rejects.toThrow(
      `${join(home, ".ssh", "known_hosts")}:1 trusts certificates for 127.0.0.1 port 8022, which outweighs what a key server says`,
    );
    expect(existsSync(remembered())).toBe(false);
  });

  it("may not have one that a known_hosts file of ssh's configuration revokes", async () => {
    know("others", `@revoked * ${theirs}`);
    const { judge } = await begin(undefined, [], { userKnownHosts: ["~/.ssh/others"] });
    await expect(judge(theirs)).rejects.toMatchObject({ verdict: "revoked" });
  });

  it("is not believed where another process has remembered another key meanwhile", async () => {
    const { judge } = await begin();
    know("mcp_ssh_client_known_hosts", `${name} ${another}`);
    await expect(judge(theirs)).rejects.toThrow(HostKeyError);
    expect(readFileSync(remembered(), "utf8")).toBe(`${name} ${another}\n`);
  });

  it("is told our key: the first that is no certificate", async () => {
    const { introduction, asked } = await begin(({ method }) => ({
      json: method === "GET" ? { server_pub_key: theirs } : { status: "success" },
    }));
    await introduction.introduceUs([
      signer(another, "ssh-ed25519-cert-v01@openssh.com"),
      signer(mine),
      signer(another),
    ]);
    expect(asked).toEqual([get, post]);
    await introduction.introduceUs([signer(mine)]); // for another session that takes a connection of its own
    await expect(introduction.registerAfter(notLetIn, [signer(mine)])).rejects.toBe(notLetIn);
    expect(asked).toHaveLength(2);
  });

  it("may know our key although the key server did not take it: only if not, that is told", async () => {
    const { introduction, asked } = await begin(({ method }) =>
      method === "GET" ? { json: { server_pub_key: theirs } } : { status: 429 },
    );
    await introduction.introduceUs([signer(mine)]);
    const error = await introduction.registerAfter(notLetIn, [signer(mine)]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(KeyServerError);
    expect((error as KeyServerError).message).toMatch(
      /^Authentication failed: publickey\. The key server did not take our key: .*429/,
    );
    expect(asked).toEqual([get, post]);
  });

  it("cannot be met where the key server gives no key", async () => {
    await expect(begin({ status: 404 })).rejects.toThrow("The key server gave no host key: ");
  });

  it("cannot be met over plain HTTP where that is forbidden", async () => {
    await expect(begin(undefined, ["--key-server-https"])).rejects.toThrow("The key server gave no host key: https:");
    expect(server?.asked).toEqual([]);
  });
});

describe("a known host", () => {
  it.each([
    ["remembered", "mcp_ssh_client_known_hosts", [], "~/.ssh/mcp_ssh_client_known_hosts"],
    ["in ssh's own files", "known_hosts", [], "~/.ssh/known_hosts"],
    ["pinned", "unused", ["--host-key", theirs], undefined],
  ])("%s: the key server is not asked for its key, nor told ours", async (_, file, flags, where) => {
    know(file, `${name} ${theirs}`);
    const { introduction, judge, asked, algorithms, place } = await begin(undefined, flags);
    if (where !== undefined) expect(place).toBe(where);
    await introduction.introduceUs([signer(mine)]);
    expect(algorithms.length).toBeGreaterThan(1);
    await judge(theirs);
    await expect(judge(another)).rejects.toMatchObject({ verdict: "changed" });
    expect(asked).toEqual([]);
  });

  it("that has changed: what to do with our own file", async () => {
    know("mcp_ssh_client_known_hosts", `${name} ${theirs}`);
    const { judge } = await begin();
    await expect(judge(another)).rejects.toThrow(
      /HAS CHANGED.*mcp_ssh_client_known_hosts:1\b.*Once that line is gone, the key server is asked anew$/,
    );
  });

  it("that does not let us in is told our key, once", async () => {
    know("known_hosts", `${name} ${theirs}`);
    const { introduction, asked } = await begin({ json: { status: "success" } });
    await introduction.registerAfter(notLetIn, [signer(mine)]);
    expect(asked).toEqual([post]);
    await expect(introduction.registerAfter(notLetIn, [signer(mine)])).rejects.toBe(notLetIn);
    expect(asked).toEqual([post]);
  });

  it.each([
    ["wants more than a key", new AuthError("Authentication failed: more", [], ["password"], true), [signer(mine)]],
    ["is shown certificates only", notLetIn, [signer(mine, "ssh-ed25519-cert-v01@openssh.com")]],
  ])("that %s is told nothing", async (_, refusal, keys) => {
    know("known_hosts", `${name} ${theirs}`);
    const { introduction, asked } = await begin();
    await expect(introduction.registerAfter(refusal, keys)).rejects.toBe(refusal);
    expect(asked).toEqual([]);
  });

  it("at another port is another host", async () => {
    know("known_hosts", `127.0.0.1 ${another}`);
    const { judge, asked } = await begin();
    expect(asked).toEqual([get]);
    await judge(theirs);
    await judge(another); // ssh takes the bare name's key at any port
  });
});

describe("a host that is met again, after the link was lost", () => {
  it("is judged by what the files say by then", async () => {
    know("known_hosts", `${name} ${theirs}`);
    const { judge, again, asked } = await begin();
    await judge(theirs);
    know("known_hosts", `${name} ${another}`);
    const { judge: judgeAgain } = await again();
    await judgeAgain(another);
    await expect(judgeAgain(theirs)).rejects.toMatchObject({ verdict: "changed" });
    expect(asked).toEqual([]);
  });

  it("is held to the key that the key server gave, where that could not be remembered", async () => {
    const { judge, again, asked, introduction } = await begin();
    mkdirSync(remembered());
    await judge(theirs);
    rmdirSync(remembered());
    expect(said.join()).toContain("it cannot be remembered");
    await introduction.introduceUs([signer(mine)]);
    introduction.letIn();
    const { judge: judgeAgain, introduction: next } = await again();
    await next.introduceUs([signer(mine)]);
    await judgeAgain(theirs);
    await expect(judgeAgain(another)).rejects.toThrow(HostKeyError);
    await expect(next.registerAfter(notLetIn, [signer(mine)])).rejects.toBe(notLetIn);
    expect(asked).toEqual([get, post]);
  });

  it("may be asked for where the key server failed before", async () => {
    let status = 500;
    const settings = ["--host", "127.0.0.1", "--use-key-server", "--key-server-port"];
    server = await startHttp(() => (status === 200 ? { json: { server_pub_key: theirs } } : { status }));
    const parsed = parseFlags([...settings, String(server.port)], () => "me") as Settings;
    const silent = () => undefined;
    const log = { debug: silent, info: silent, warning: silent, error: silent, critical: silent };
    const options = { log, signal: new AbortController().signal, socket: new Promise(() => {}) };
    const first = new Introduction(parsed, options);
    await expect(first.knownHosts).rejects.toThrow(KeyServerError);
    status = 200;
    await new Introduction(parsed, options, first).knownHosts;
    expect(server.asked).toEqual([get, get]);
  });
});
