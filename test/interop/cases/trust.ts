/** Who is let in, and whom we believe: keys, certificates, and what the built command says of a wrong one. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuthError, HostKeyError, loadPrivateKey } from "../../../src/index.ts";
import { certifiedSigner, checkHostCertificate, parseKnownHosts } from "../../../src/ssh/index.ts";
import { startHost } from "../../support/command.ts";
import { makeKeyPair } from "../../support/ssh-server.ts";
import type { Case, Visit } from "../case.ts";
import { BANNER, KEY_FILES, OPENSSL_KEY_FILES, PASSPHRASE, USER_KEYS } from "../fixtures.ts";
import { prove } from "../remote.ts";

const userKeys: readonly Case[] = Object.keys(USER_KEYS).map((type) => ({
  id: `user-key:${type}`,
  sentence: `a key of type ${type} logs in`,
  needs: ["fixtures"],
  run: async (visit) => {
    const by = await logInWith(visit, type);
    ok(by.startsWith("publickey "), by);
    return by.split(" ")[1];
  },
}));

const keyFiles: readonly Case[] = Object.keys({ ...KEY_FILES, ...OPENSSL_KEY_FILES }).map((name) => ({
  id: `key-file:${name}`,
  sentence: `a key in a file of the kind ${name} logs in`,
  needs: ["fixtures"],
  run: async (visit) => {
    ok((await logInWith(visit, name)).startsWith("publickey "));
    return undefined;
  },
}));

async function logInWith(visit: Visit, name: string): Promise<string> {
  const key = await loadPrivateKey(visit.fixtures().userKey(name), { passphrase: PASSPHRASE });
  const { connection, heard } = await visit.connect({ keys: [key] });
  await prove(connection, visit.site.mcp);
  return heard.authenticatedBy;
}

export const trustCases: readonly Case[] = [
  ...userKeys,
  ...keyFiles,
  {
    id: "wrong-key",
    sentence: "a key that the server does not know is refused",
    needs: ["fixtures"],
    run: async (visit) => {
      const keys = [await loadPrivateKey(visit.fixtures().userKey("stranger"))];
      await rejects(visit.connect({ keys }), AuthError);
      return undefined;
    },
  },
  {
    id: "second-key",
    sentence: "behind a key that is refused, the next one logs in",
    needs: ["fixtures"],
    run: async (visit) => {
      const { userKey } = visit.fixtures();
      const keys = await Promise.all([userKey("stranger"), visit.site.clientKey].map((path) => loadPrivateKey(path)));
      const { heard } = await visit.connect({ keys });
      ok(heard.authenticatedBy.startsWith("publickey "), heard.authenticatedBy);
      return undefined;
    },
  },
  {
    id: "wrong-user",
    sentence: "a user that does not exist is refused, with a key that is good",
    run: async (visit) => {
      await rejects(visit.connect({ user: "no-such-user" }), AuthError);
      return undefined;
    },
  },
  {
    id: "user-certificate",
    sentence: "a certificate of an authority that the server trusts logs in",
    needs: ["fixtures"],
    run: async (visit) => {
      const { certifiedKey, userCertificate } = visit.fixtures();
      const signer = await loadPrivateKey(certifiedKey);
      await rejects(visit.connect({ keys: [signer] }), AuthError, "its key alone was let in");
      const blob = Buffer.from(readFileSync(userCertificate, "utf8").split(" ")[1] ?? "", "base64");
      const { heard } = await visit.connect({ keys: [certifiedSigner(signer, Uint8Array.from(blob))] });
      match(heard.authenticatedBy, /^publickey .*-cert-v01/);
      return undefined;
    },
  },
  {
    id: "host-certificate",
    sentence: "the host's certificate is believed where known_hosts names nothing but its authority",
    needs: ["fixtures"],
    run: async (visit) => {
      const { host, port } = visit.site;
      const knownHosts = visit.fixtures().knownHosts(port, "authority");
      const { hostKey } = (await visit.connect({ knownHosts })).connection;
      ok(hostKey.certificate !== undefined, "the server showed none");
      const known = parseKnownHosts(knownHosts, readFileSync(knownHosts, "utf8"));
      equal(checkHostCertificate([known], host, port, hostKey.certificate)?.verdict, "trusted");
      return undefined;
    },
  },
  {
    id: "unknown-host-key",
    sentence: "the built command refuses a host that known_hosts does not have, and says so",
    run: (visit) => refused(visit, "nothing", "unknown"),
  },
  {
    id: "changed-host-key",
    sentence: "the built command refuses a host whose key is another one than known_hosts has, and says so",
    run: (visit) => refused(visit, "stranger", "changed"),
  },
  {
    id: "banner",
    sentence: "the server's banner comes line by line",
    needs: ["fixtures"],
    run: async (visit) => {
      const { heard } = await visit.connect();
      deepEqual(
        heard.banner.filter((line) => line !== ""),
        BANNER,
      );
      return undefined;
    },
  },
];

async function refused(visit: Visit, what: "nothing" | "stranger", verdict: "unknown" | "changed"): Promise<undefined> {
  const knownHosts = strangersFile(visit, what);
  await rejects(visit.connect({ knownHosts }), (error) => error instanceof HostKeyError && error.verdict === verdict);
  const host = startHost(visit.command(["--known-hosts", knownHosts, "--command", "true"], ["--known-hosts"]));
  visit.afterwards(() => host.child.kill("SIGKILL"));
  equal((await host.exit).code, 1);
  match(host.stderr(), /Host key verification failed/);
  if (verdict === "changed") match(host.stderr(), /CHANGED|only another type of key/i);
  equal(host.stdout().length, 0);
  return undefined;
}

/** A known_hosts file that trusts nobody here. Of a server that is not ours, another key stands in for its own. */
function strangersFile(visit: Visit, what: "nothing" | "stranger"): string {
  const { fixtures, host, port } = visit.site;
  if (fixtures !== undefined) return fixtures.knownHosts(port, what);
  const folder = mkdtempSync(join(tmpdir(), "mcp-ssh-interop-"));
  visit.afterwards(() => rmSync(folder, { recursive: true }));
  const name = port === 22 ? host : `[${host}]:${port}`;
  const path = join(folder, "known_hosts");
  writeFileSync(path, what === "nothing" ? "" : `${name} ${makeKeyPair().publicKey}\n`);
  return path;
}
