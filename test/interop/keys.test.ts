/** Host keys and user keys of every kind, with real servers: each kind alone. */
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AuthError, loadPrivateKey, type SshConnection } from "../../src/index.ts";
import type { Signer } from "../../src/ssh/algorithms/interfaces.ts";
import { missingAsyncssh, startAsyncssh } from "../support/asyncssh.ts";
import { connectTo, outputOf } from "../support/connect-to.ts";
import { missingDropbear, startDropbear } from "../support/dropbear.ts";
import { missingOpenssl } from "../support/http-servers.ts";
import { describeNeeding } from "../support/needs.ts";
import { opensslKey } from "../support/openssl-key.ts";
import { type KeyKind, keygen, type SshServer } from "../support/ssh-server.ts";
import { startSsh2Server } from "../support/ssh2-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

const ecdsa = ["256", "384", "521"].map((bits) => ({
  name: `ecdsa-sha2-nistp${bits}`,
  kind: ["-t", "ecdsa", "-b", bits],
}));
const rsa = ["2048", "3072", "4096"].map((bits) => ({
  name: `ssh-rsa, ${bits} bits`,
  kind: ["-t", "rsa", "-b", bits],
}));
const kinds: readonly { readonly name: string; readonly kind: KeyKind }[] = [
  { name: "ssh-ed25519", kind: ["-t", "ed25519"] },
  ...ecdsa,
  ...rsa,
];

/** User keys of every kind: files made once, whatever the server. */
let folder = "";
const userKeys: { name: string; path: string; publicKey: string; options?: { readonly passphrase: string } }[] = [];
if (missingSshd() === undefined) {
  folder = mkdtempSync(join(tmpdir(), "user-keys-"));
  for (const [i, { name, kind }] of kinds.entries()) {
    const path = join(folder, `key${i}`);
    userKeys.push({ name, path, publicKey: keygen(path, kind) });
  }
  const phrases = missingOpenssl() === undefined ? [undefined, "correct horse"] : [];
  for (const passphrase of phrases) {
    const path = join(folder, `pkcs8${passphrase === undefined ? "" : "-encrypted"}`);
    const name = `ssh-ed25519 in OpenSSL's PKCS#8${passphrase === undefined ? "" : ", encrypted"}`;
    userKeys.push({
      name,
      path,
      publicKey: opensslKey(path, passphrase),
      ...(passphrase && { options: { passphrase } }),
    });
  }
}
afterAll(() => {
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
});
const authorized = userKeys.map(({ publicKey }) => publicKey);

interface Login {
  readonly connection: SshConnection;
  readonly traces: readonly string[];
}

/** Logs in; the server's host key must be the one in its known_hosts. */
async function login(server: SshServer, keys: readonly Signer[]): Promise<Login> {
  const traces: string[] = [];
  const connection = await connectTo(server, {
    ...{ keys, trace: true, allowChachaWithoutStrictKex: true },
    onNotice: (notice) => {
      if (notice.type === "trace") traces.push(notice.text);
    },
  });
  return { connection, traces };
}

/** Runs a command and exchanges keys anew: the host key is shown a second time. */
async function expectWorking(server: SshServer, keys: readonly Signer[]): Promise<Login> {
  const made = await login(server, keys);
  const { connection } = made;
  await connection.rekey();
  expect(await outputOf(connection, "echo hello")).toBe("hello\n");
  await connection.close();
  return made;
}

const algorithmOf = (name: string): string => (name.startsWith("ssh-rsa") ? "rsa-sha2-512" : name);

describeNeeding(missingSshd(), "a host key of OpenSSH's", () => {
  test.each(kinds)("$name", async ({ name, kind }) => {
    const server = await startSshd({ hostKey: kind });
    try {
      const { connection } = await expectWorking(server, [await loadPrivateKey(server.clientKey)]);
      expect(connection.hostKey.algorithm).toBe(algorithmOf(name));
    } finally {
      await server.stop();
    }
  });

  test("ssh-rsa by rsa-sha2-256, where the server has no other", async () => {
    const server = await startSshd({ hostKey: ["-t", "rsa"], config: ["HostKeyAlgorithms rsa-sha2-256"] });
    try {
      const { connection } = await expectWorking(server, [await loadPrivateKey(server.clientKey)]);
      expect(connection.hostKey.algorithm).toBe("rsa-sha2-256");
    } finally {
      await server.stop();
    }
  });

  test("ssh-rsa by SHA-1 is nothing in common", async () => {
    const server = await startSshd({ hostKey: ["-t", "rsa"], config: ["HostKeyAlgorithms ssh-rsa"] });
    try {
      const key = await loadPrivateKey(server.clientKey);
      await expect(login(server, [key])).rejects.toThrow(/no host key algorithm in common: .* the server has ssh-rsa$/);
    } finally {
      await server.stop();
    }
  });

  test("ssh-rsa of 1024 bits is refused, with the reason", async () => {
    const server = await startSshd({ hostKey: ["-t", "rsa", "-b", "1024"] });
    try {
      const key = await loadPrivateKey(server.clientKey);
      await expect(login(server, [key])).rejects.toThrow(/an RSA host key of 1024 bits: one shorter than 2048/);
    } finally {
      await server.stop();
    }
  });
});

describeNeeding(missingSshd(), "a user key with OpenSSH", () => {
  let server: SshServer;
  let plain: SshServer; // rsa-sha2-256 only
  beforeAll(async () => {
    server = await startSshd();
    const algorithms = "ssh-ed25519,rsa-sha2-256";
    plain = await startSshd({ config: [`PubkeyAcceptedAlgorithms ${algorithms}`] });
    for (const { folder } of [server, plain])
      appendFileSync(join(folder, "authorized_keys"), `${authorized.join("\n")}\n`);
  });
  afterAll(async () => {
    await server?.stop();
    await plain?.stop();
  });

  test.each(userKeys)("$name", async ({ path, name, options }) => {
    await expectWorking(server, [await loadPrivateKey(path, options)]);
    const word = new RegExp(`Accepted publickey.*: ${{ e: "ECDSA", s: "" }[name[0] as "e" | "s"]}`);
    await expect.poll(() => server.log()).toMatch(word);
  });

  test("an RSA key, where the server takes rsa-sha2-256 only: which it learns from a refusal", async () => {
    const key = userKeys.find(({ name }) => name.startsWith("ssh-rsa"))!;
    const { traces } = await expectWorking(plain, [await loadPrivateKey(key.path)]);
    expect(traces.filter((trace) => trace.startsWith("sent SSH_MSG_USERAUTH_REQUEST"))).toHaveLength(3);
  });

  test("an ECDSA key, where the server does not verify such signatures", async () => {
    const key = userKeys.find(({ name }) => name.startsWith("ecdsa"))!;
    const says = /tried: publickey ecdsa-sha2-nistp256 SHA256:\S+\); it would take: publickey/;
    await expect(login(plain, [await loadPrivateKey(key.path)])).rejects.toThrow(says);
  });

  test("never more than five: the server does not hang up, the error counts the rest", async () => {
    const strangers: Signer[] = [];
    for (let i = 0; i < 8; i++) {
      const path = join(folder, `stranger${i}`);
      keygen(path);
      strangers.push(await loadPrivateKey(path));
    }
    const error: unknown = await login(server, strangers).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({ untried: 3, message: expect.stringContaining("3 more keys were not tried") });
    const known = await loadPrivateKey(server.clientKey);
    await expectWorking(server, [...strangers.slice(0, 4), known]);
  });
});

describe("other servers", () => {
  const hosts: readonly {
    readonly name: string;
    readonly missing: string | undefined;
    start: () => Promise<SshServer>;
  }[] = [
    ...[...ecdsa, ...rsa.slice(0, 1)].map(({ name, kind }) => ({
      name: `AsyncSSH with ${name}`,
      missing: missingAsyncssh() ?? missingSshd(),
      start: () => startAsyncssh({ hostKey: kind, authorized }),
    })),
    ...[...ecdsa, ...rsa.slice(0, 1)].map(({ name, kind }) => ({
      name: `npm ssh2 with ${name}`,
      missing: missingSshd(),
      start: () => startSsh2Server({ hostKey: kind, authorized }),
    })),
    ...(
      [
        ["ecdsa", "-s", "256"],
        ["ecdsa", "-s", "384"],
        ["ecdsa", "-s", "521"],
        ["rsa", "-s", "2048"],
        ["rsa", "-s", "4096"],
      ] as const
    ).map((hostKey) => ({
      name: `dropbear with ${hostKey.join(" ")}`,
      missing: missingDropbear(),
      start: () => startDropbear({ hostKey: [...hostKey] }),
    })),
  ];

  for (const host of hosts) {
    describeNeeding(host.missing, host.name, () => {
      let server: SshServer;
      beforeAll(async () => {
        server = await host.start();
        if (server.name === "dropbear") {
          appendFileSync(join(server.home, ".ssh", "authorized_keys"), `${authorized.join("\n")}\n`);
        }
      });
      afterAll(() => server?.stop());

      test("takes a user key of each kind", async () => {
        for (const { path, name, options } of userKeys) {
          const { traces } = await expectWorking(server, [await loadPrivateKey(path, options)]);
          const requests = traces.filter((trace) => trace.startsWith("sent SSH_MSG_USERAUTH_REQUEST")).length;
          // dropbear lists rsa-sha2-256 only, and its list comes when our first query has left
          expect(requests).toBe(server.name === "dropbear" && name.startsWith("ssh-rsa") ? 3 : 2);
        }
      });
    });
  }
});
