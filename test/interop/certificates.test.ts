/** Certificates with real servers: hosts' by an authority in known_hosts, users' by one that the server trusts. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AuthError, HostKeyError, loadPrivateKey, type SshConnection } from "../../src/index.ts";
import type { Signer } from "../../src/ssh/algorithms/interfaces.ts";
import { certifiedSigner } from "../../src/ssh/certificate.ts";
import { missingAsyncssh, startAsyncssh } from "../support/asyncssh.ts";
import { launch, startHost } from "../support/command.ts";
import { connectTo } from "../support/connect-to.ts";
import { describeNeeding } from "../support/needs.ts";
import { type KeyKind, keygen, makeWorkplace, type SshServer, type Workplace } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

const kinds: readonly { readonly name: string; readonly kind: KeyKind }[] = [
  { name: "ssh-ed25519", kind: ["-t", "ed25519"] },
  { name: "ecdsa-sha2-nistp256", kind: ["-t", "ecdsa", "-b", "256"] },
  { name: "ecdsa-sha2-nistp384", kind: ["-t", "ecdsa", "-b", "384"] },
  { name: "ecdsa-sha2-nistp521", kind: ["-t", "ecdsa", "-b", "521"] },
  { name: "ssh-rsa", kind: ["-t", "rsa", "-b", "2048"] },
];

let place: Workplace;
const made = new Map<string, string>();

/** The path of a key of that kind, made once for each role. */
function keyOf(role: string, kind: KeyKind = ["-t", "ed25519"]): string {
  const path = join(place.folder, `${role}${kind.join("")}`);
  if (!made.has(path)) made.set(path, keygen(path, kind));
  return path;
}

/** Certifies `key`.pub by what ssh-keygen is told; the path of the certificate. */
function certify(key: string, authority: string, ...args: readonly string[]): string {
  execFileSync("ssh-keygen", ["-q", "-s", authority, "-I", "test", ...args, `${key}.pub`]);
  return `${key}-cert.pub`;
}

const blobOf = (path: string): Uint8Array =>
  Uint8Array.from(Buffer.from(readFileSync(path, "utf8").split(" ")[1] ?? "", "base64"));

if (missingSshd() === undefined) place = makeWorkplace();
afterAll(() => place?.remove());

describeNeeding(missingSshd(), "a host certificate of OpenSSH's", () => {
  /** A server that shows a certificate for its key, made by what ssh-keygen is told. */
  async function certified(kind: KeyKind, authority: string, ...args: readonly string[]): Promise<SshServer> {
    const folder = place.folder;
    const config = [`HostCertificate ${join(folder, "host_key-cert.pub")}`];
    const key = join(folder, "host_key");
    made.delete(key);
    const server = await startSshd({
      config,
      hostKey: kind,
      prepare: (hostKey) => {
        copyFileSync(`${hostKey}.pub`, `${key}.pub`);
        certify(key, authority, ...args);
      },
    });
    return server;
  }

  async function login(server: SshServer, lines: readonly string[]): Promise<SshConnection> {
    const knownHosts = join(server.folder, "known_hosts_of_test");
    writeFileSync(knownHosts, lines.map((line) => `${line}\n`).join(""));
    return connectTo({ ...server, knownHosts });
  }

  /** Whether OpenSSH's own ssh trusts the server by these lines. */
  async function sshTrusts(server: SshServer, lines: readonly string[]): Promise<boolean> {
    const known = join(server.folder, "known_hosts_of_ssh");
    writeFileSync(known, lines.map((line) => `${line}\n`).join(""));
    const options = `-F none -T -o BatchMode=yes -o GlobalKnownHostsFile=none -o UserKnownHostsFile=${known} -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes`;
    const args = [
      ...options.split(" "),
      "-i",
      server.clientKey,
      "-p",
      String(server.port),
      `${server.user}@${server.host}`,
      "true",
    ];
    const [code] = await once(spawn("ssh", args, { stdio: "ignore" }), "close");
    return code === 0;
  }

  const caLine = (server: SshServer, authority: string): string =>
    `@cert-authority [127.0.0.1]:${server.port} ${made.get(authority)}`;

  for (const { name, kind } of kinds) {
    test(`${name}, by an authority with a key of the same type; a rekey shows it again`, async () => {
      const authority = keyOf("authority", kind);
      const server = await certified(kind, authority, "-h", "-n", "127.0.0.1");
      try {
        const connection = await login(server, [caLine(server, authority)]);
        const algorithm = name === "ssh-rsa" ? "rsa-sha2-512" : name;
        expect(connection.hostKey.algorithm).toBe(`${algorithm}-cert-v01@openssh.com`);
        expect(connection.hostKey.certificate).toMatchObject({ keyId: "test", principals: ["127.0.0.1"] });
        await connection.rekey();
        await connection.close();
        // its key known as a plain one is enough without the authority, and nothing is not
        await (await login(server, [`[127.0.0.1]:${server.port} ${server.hostKey}`])).close();
        await expect(login(server, [])).rejects.toBeInstanceOf(HostKeyError);
      } finally {
        await server.stop();
      }
    });
  }

  const verdicts: readonly {
    readonly about: string;
    readonly args: readonly string[];
    readonly says: RegExp | undefined;
    /** Where the ssh at hand may be of another mind. */
    readonly isOurs?: true;
  }[] = [
    { about: "for this host", args: ["-h", "-n", "127.0.0.1"], says: undefined },
    { about: "for this host among others", args: ["-h", "-n", "a.example,127.0.0.1"], says: undefined },
    {
      about: "for a pattern",
      args: ["-h", "-n", "127.0.0.*"],
      says: /which \S+:1 trusts, but it is for 127\.0\.0\.\*, and not/,
    },
    {
      about: "for another host",
      args: ["-h", "-n", "h.example"],
      says: /which \S+:1 trusts, but it is for h.example, and not/,
    },
    { about: "for nobody", args: ["-h"], says: /but it is for no host at all/, isOurs: true },
    { about: "expired", args: ["-h", "-n", "127.0.0.1", "-V", "-2d:-1d"], says: /but it expired at 20\d\d-\d\d-\d\dT/ },
    {
      about: "not valid yet",
      args: ["-h", "-n", "127.0.0.1", "-V", "+1d:+2d"],
      says: /but it is not valid before 20\d\d-/,
    },
    {
      about: "with a critical option",
      args: ["-h", "-n", "127.0.0.1", "-O", "critical:what@h.example=x"],
      says: /but it has critical options that are not known here: what@h.example/,
    },
    { about: "a user's", args: ["-n", "127.0.0.1"], says: /but it is a user's, not a host's/, isOurs: true },
  ];
  test.each(verdicts)("$about: $says", async ({ args, says, isOurs }) => {
    const authority = keyOf("authority");
    const server = await certified(["-t", "ed25519"], authority, ...args);
    try {
      const lines = [caLine(server, authority)];
      const outcome = await login(server, lines).then(
        (connection) => connection.close().then(() => undefined),
        (error: unknown) => error,
      );
      if (says === undefined) expect(outcome).toBeUndefined();
      else {
        expect(outcome).toBeInstanceOf(HostKeyError);
        expect((outcome as Error).message).toMatch(says);
      }
      if (!isOurs) expect(await sshTrusts(server, lines)).toBe(says === undefined);
      // with ssh as with us the key itself is as good as ever
      const plain = [...lines, `[127.0.0.1]:${server.port} ${server.hostKey}`];
      await (await login(server, plain)).close();
      if (!isOurs) expect(await sshTrusts(server, plain)).toBe(true);
    } finally {
      await server.stop();
    }
  });

  test("by another authority, or one that is revoked", async () => {
    const [authority, other] = [keyOf("authority"), keyOf("other")];
    const server = await certified(["-t", "ed25519"], authority, "-h", "-n", "127.0.0.1");
    try {
      const another = [caLine(server, other)];
      await expect(login(server, another)).rejects.toThrow(/which no @cert-authority line names/);
      expect(await sshTrusts(server, another)).toBe(false);
      const revoked = [caLine(server, authority), `@revoked * ${made.get(authority)}`];
      await expect(login(server, revoked)).rejects.toThrow(/the authority of the certificate .* is marked @revoked in/);
      expect(await sshTrusts(server, revoked)).toBe(false);
      const revokedKey = [caLine(server, authority), `@revoked * ${server.hostKey}`];
      await expect(login(server, revokedKey)).rejects.toThrow(
        /the key that .* showed, ssh-ed25519 .* is marked @revoked/,
      );
      expect(await sshTrusts(server, revokedKey)).toBe(false);
    } finally {
      await server.stop();
    }
  });
});

describeNeeding(missingSshd(), "a user certificate with OpenSSH", () => {
  let server: SshServer;
  beforeAll(async () => {
    const authorities = kinds.map(({ kind }) => made.get(keyOf("authority", kind)));
    const file = join(place.folder, "authorities");
    writeFileSync(file, `${authorities.join("\n")}\n`);
    server = await startSshd({ config: [`TrustedUserCAKeys ${file}`] });
  });
  afterAll(() => server?.stop());

  async function login(signer: Signer): Promise<void> {
    const connection = await connectTo(server, { keys: [signer] });
    const session = await connection.session({ exec: "exit 3" });
    expect(await session.exited).toEqual({ status: 3 });
    await connection.close();
  }

  /** A signer with a certificate for a key of that kind. */
  async function certified(kind: KeyKind, ...args: readonly string[]): Promise<Signer> {
    const key = keyOf("user", kind);
    const certificate = certify(key, keyOf("authority", kind), ...args);
    return certifiedSigner(await loadPrivateKey(key), blobOf(certificate));
  }

  test.each(kinds)("$name, by an authority with a key of the same type", async ({ kind }) => {
    await login(await certified(kind, "-n", server.user));
    await expect(login(await loadPrivateKey(keyOf("user", kind)))).rejects.toBeInstanceOf(AuthError); // only certified
  });

  test.each<{ about: string; args: readonly string[] }>([
    { about: "for another user", args: ["-n", "nobody-of-that-name"] },
    { about: "expired", args: ["-V", "-2d:-1d"] },
  ])("$about is refused by the server", async ({ args }) => {
    const names = args.includes("-n") ? [] : ["-n", server.user];
    const signer = await certified(["-t", "ed25519"], ...args, ...names);
    await expect(login(signer)).rejects.toThrow(/tried: publickey ssh-ed25519-cert-v01@openssh.com SHA256:/);
  });

  test("the command finds it beside its key", async () => {
    const key = keyOf("user");
    certify(key, keyOf("authority"), "-n", server.user);
    const host = startHost(launch({ ...server, clientKey: key }, { exec: "echo said on stderr >&2; exit 7" }));
    await host.stderrMatch(/said on stderr/);
    expect((await host.exit).code).toBe(7);
  });

  test("a host's is refused here", async () => {
    const key = keyOf("user");
    const signer = await loadPrivateKey(key);
    const certificate = certify(key, keyOf("authority"), "-h", "-n", server.user);
    expect(() => certifiedSigner(signer, blobOf(certificate))).toThrow(/a host's certificate, not a user's/);
  });
});

describeNeeding(missingAsyncssh() ?? missingSshd(), "certificates with AsyncSSH", () => {
  test.each(kinds)("both of the host and of the user: $name", async ({ name, kind }) => {
    const [authority, user] = [keyOf("authority", kind), keyOf("user", kind)];
    const server = await startAsyncssh({
      hostKey: kind,
      prepare: (hostKey) => {
        writeFileSync(`${hostKey}.pub`, execFileSync("ssh-keygen", ["-y", "-f", hostKey]));
        certify(hostKey, authority, "-h", "-n", "127.0.0.1"); // it takes what stands beside its key
      },
      authorized: [`cert-authority ${made.get(authority)}`],
    });
    try {
      const knownHosts = join(server.folder, "known_hosts_of_test");
      writeFileSync(knownHosts, `@cert-authority [127.0.0.1]:${server.port} ${made.get(authority)}\n`);
      const signer = certifiedSigner(await loadPrivateKey(user), blobOf(certify(user, authority, "-n", server.user)));
      const connection = await connectTo({ ...server, knownHosts }, { keys: [signer] });
      const algorithm = name === "ssh-rsa" ? "rsa-sha2-512" : name;
      expect(connection.hostKey.algorithm).toBe(`${algorithm}-cert-v01@openssh.com`);
      await connection.close();
    } finally {
      await server.stop();
    }
  });
});
