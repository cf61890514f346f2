/**
 * The algorithms that a server of today does not choose, each alone: what a server in FIPS mode or an old appliance is met
 * with. On node:crypto's primitives and on those in JavaScript, with two key exchanges each.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadTable } from "../../src/node/platform.ts";
import type { AlgorithmTable } from "../../src/ssh/algorithms/interfaces.ts";
import { missingAsyncssh, startAsyncssh } from "../support/asyncssh.ts";
import { endHosts, launch, startHost } from "../support/command.ts";
import { connectTo, outputOf } from "../support/connect-to.ts";
import { missingDropbear, startDropbear } from "../support/dropbear.ts";
import { describeNeeding } from "../support/needs.ts";
import { until } from "../support/processes.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { startSsh2Server } from "../support/ssh2-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

const curves = ["ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"];
const groups = ["diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512"];

interface Narrowed {
  readonly kex?: string;
  readonly cipher?: string;
  readonly mac?: string;
}

interface Peer {
  readonly name: string;
  readonly missing: string | undefined;
  readonly start: () => Promise<SshServer>;
  readonly offers: readonly Narrowed[];
}

const ctrs = ["aes256-ctr", "aes192-ctr", "aes128-ctr"];
const macs = ["hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"];
const pairs = (ciphers: readonly string[], ofMacs: readonly string[]): readonly Narrowed[] =>
  ofMacs.map((mac, i) => ({ cipher: ciphers[i % ciphers.length] as string, mac }));

const kexes = (...names: readonly string[]): readonly Narrowed[] => names.map((kex) => ({ kex }));

const peers: readonly Peer[] = [
  {
    name: "OpenSSH",
    missing: missingSshd(),
    start: () => startSshd(),
    offers: [...kexes(...curves, ...groups), ...pairs(ctrs, macs)],
  },
  {
    name: "AsyncSSH",
    missing: missingAsyncssh(),
    start: () => startAsyncssh(),
    offers: [...kexes(...curves, ...groups), ...pairs(ctrs, macs)],
  },
  {
    name: "dropbear",
    missing: missingDropbear(),
    start: () => startDropbear(),
    offers: [...kexes(...curves, "diffie-hellman-group14-sha256"), ...pairs(["aes256-ctr"], ["hmac-sha2-256"])],
  },
  {
    name: "npm ssh2",
    missing: undefined,
    start: () => startSsh2Server(),
    offers: [...kexes(...curves, ...groups), ...pairs(ctrs, macs)],
  },
];

/** The table with one row of each list that is named. */
function only(table: AlgorithmTable, { kex, cipher, mac }: Narrowed): AlgorithmTable {
  const rowOf = <T>(rows: Readonly<Record<string, T>>, wanted: string | undefined): Readonly<Record<string, T>> =>
    Object.fromEntries(Object.entries(rows).filter(([name]) => wanted === undefined || name === wanted));
  return {
    ...table,
    ...{ kex: rowOf(table.kex, kex), cipher: rowOf(table.cipher, cipher), mac: rowOf(table.mac, mac) },
  };
}

describe.each(peers)("$name", ({ name, missing, start, offers }) => {
  describeNeeding(missing, `${name} alone with`, () => {
    let server: SshServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    test.each(offers.flatMap((offer) => (["auto", "noble"] as const).map((crypto) => ({ ...offer, crypto }))))(
      "$kex$cipher $mac, $crypto",
      async ({ crypto, ...offer }) => {
        const chosen: string[] = [];
        const connection = await connectTo(server, {
          trace: true,
          allowChachaWithoutStrictKex: true,
          table: only(await loadTable(crypto), offer),
          onNotice: (notice) => {
            if (notice.type === "trace" && notice.text.startsWith("chosen: ")) chosen.push(notice.text);
          },
        });
        await connection.rekey();
        const text = await outputOf(connection, "echo hello");
        await connection.close();
        expect(text).toBe("hello\n");
        expect(chosen).toHaveLength(2);
        const wanted = Object.values(offer).map((each) => expect.stringContaining(`${each}`));
        for (const each of chosen) for (const one of wanted) expect(each).toEqual(one);
      },
    );
  });
});

describeNeeding(missingSshd(), "the command with OpenSSH", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd({ config: ["LogLevel DEBUG1"] });
  });
  afterAll(() => server?.stop());

  test("offers what --kex, --ciphers and --macs leave", async () => {
    const flags = ["--kex=^ecdh-sha2-nistp521", "--ciphers", "aes192-ctr", "--macs=-*-etm@openssh.com,hmac-sha2-256"];
    const host = startHost(launch(server, { exec: "cat" }, flags));
    try {
      host.send('{"jsonrpc":"2.0","id":1,"result":{}}');
      expect(await host.line()).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
      await until("sshd's word", () => /kex: algorithm: .*kex: client->server cipher/s.test(server.log()));
      expect(server.log()).toContain("kex: algorithm: ecdh-sha2-nistp521");
      expect(server.log()).toContain("client->server cipher: aes192-ctr MAC: hmac-sha2-512 ");
    } finally {
      await endHosts([host]);
    }
  });

  test("says what is known where a name is not", async () => {
    const host = startHost(launch(server, { exec: "cat" }, ["--ciphers", "3des-cbc"]));
    try {
      host.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
      expect(await host.exit).toMatchObject({ code: 1 });
      expect(host.stderr()).toMatch(/unknown cipher "3des-cbc"; known are chacha20-poly1305@openssh\.com, aes256-gcm/);
    } finally {
      await endHosts([host]);
    }
  });
});
