/**
 * The algorithms that a server of today does not choose, each alone: what a server in FIPS mode or an old appliance is met
 * with. On node:crypto's primitives and on those in JavaScript, with two key exchanges each.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectTcp, knownHostsTrust, loadPrivateKey } from "../../src/index.ts";
import { loadTable } from "../../src/node/platform.ts";
import type { AlgorithmTable } from "../../src/ssh/algorithms/interfaces.ts";
import { missingAsyncssh, startAsyncssh } from "../support/asyncssh.ts";
import { missingDropbear, startDropbear } from "../support/dropbear.ts";
import { describeNeeding } from "../support/needs.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { startSsh2Server } from "../support/ssh2-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

const curves = ["ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"];
const groups = ["diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512"];

interface Narrowed {
  readonly kex?: string;
}

interface Peer {
  readonly name: string;
  readonly missing: string | undefined;
  readonly start: () => Promise<SshServer>;
  readonly offers: readonly Narrowed[];
}

const kexes = (...names: readonly string[]): readonly Narrowed[] => names.map((kex) => ({ kex }));

const peers: readonly Peer[] = [
  { name: "OpenSSH", missing: missingSshd(), start: () => startSshd(), offers: kexes(...curves, ...groups) },
  {
    name: "AsyncSSH",
    missing: missingAsyncssh(),
    start: () => startAsyncssh(),
    offers: kexes(...curves, ...groups),
  },
  {
    name: "dropbear",
    missing: missingDropbear(),
    start: () => startDropbear(),
    offers: kexes(...curves, "diffie-hellman-group14-sha256"),
  },
  { name: "npm ssh2", missing: undefined, start: () => startSsh2Server(), offers: kexes(...curves, ...groups) },
];

/** The table with one row of each list that is named. */
function only(table: AlgorithmTable, { kex }: Narrowed): AlgorithmTable {
  const rows = Object.entries(table.kex).filter(([name]) => name === kex);
  return { ...table, kex: kex === undefined ? table.kex : Object.fromEntries(rows) };
}

describe.each(peers)("$name", ({ name, missing, start, offers }) => {
  describeNeeding(missing, `${name} alone with`, () => {
    let server: SshServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    test.each(offers.flatMap((offer) => (["auto", "noble"] as const).map((crypto) => ({ ...offer, crypto }))))(
      "$kex, $crypto",
      async ({ crypto, ...offer }) => {
        const { host, port, user } = server;
        const chosen: string[] = [];
        const trust = await knownHostsTrust({ host, port, files: [server.knownHosts] });
        const connection = await connectTcp({
          ...{ host, port, user, ...trust, trace: true, allowChachaWithoutStrictKex: true },
          keys: [await loadPrivateKey(server.clientKey)],
          table: only(await loadTable(crypto), offer),
          onNotice: (notice) => {
            if (notice.type === "trace" && notice.text.startsWith("chosen: ")) chosen.push(notice.text);
          },
        });
        await connection.rekey();
        const session = await connection.session({ exec: "echo hello" });
        let text = "";
        for await (const chunk of session.readable) text += new TextDecoder().decode(chunk);
        await connection.close();
        expect(text).toBe("hello\n");
        expect(chosen).toHaveLength(2);
        for (const each of chosen) expect(each).toContain(offer.kex);
      },
    );
  });
});
