/** Every SSH server at hand: the same few things asked of each. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { missingAsyncssh, startAsyncssh } from "../support/asyncssh.ts";
import { endHosts, type Host, launch, type Remote, startHost } from "../support/command.ts";
import { missingDropbear, startDropbear } from "../support/dropbear.ts";
import { echoCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import { until } from "../support/processes.ts";
import { greetingOf, type SshServer } from "../support/ssh-server.ts";
import { startSsh2Server } from "../support/ssh2-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { missingTinysshd, startTinysshd } from "../support/tinysshd.ts";

interface Peer {
  readonly name: string;
  readonly missing: string | undefined;
  readonly start: () => Promise<SshServer>;
  /** What more it does than exec. */
  readonly requests?: readonly Remote[];
  /** How many MiB go each way, 8 unless given. */
  readonly volume?: number;
  /** Whether it runs the one command only. */
  readonly isForced?: true;
}

const shell: Remote = { shell: true };
const subsystem: Remote = { subsystem: "mcp" };
const gcm = { cipher: ["aes128-gcm@openssh.com" as const] };

const PEERS: readonly Peer[] = [
  {
    name: "OpenSSH",
    missing: missingSshd(),
    start: () => startSshd({ subsystems: { mcp: echoCommand } }),
    requests: [subsystem],
  },
  { name: "OpenSSH with aes256-gcm", missing: missingSshd(), start: () => openssh("Ciphers aes256-gcm@openssh.com") },
  { name: "OpenSSH with aes128-gcm", missing: missingSshd(), start: () => openssh("Ciphers aes128-gcm@openssh.com") },
  {
    name: "OpenSSH that rekeys every 64 KiB",
    missing: missingSshd(),
    start: () => openssh("RekeyLimit 64K"),
    volume: 1,
  },
  {
    name: "OpenSSH with a forced command",
    missing: missingSshd(),
    start: () => openssh(`ForceCommand ${echoCommand}`),
    requests: [shell],
    isForced: true,
  },
  { name: "OpenSSH with an RSA host key", missing: missingSshd(), start: () => startSshd({ hostKey: ["-t", "rsa"] }) },
  {
    name: "OpenSSH with an ECDSA host key",
    missing: missingSshd(),
    start: () => startSshd({ hostKey: ["-t", "ecdsa"] }),
  },
  { name: "tinysshd", missing: missingTinysshd(), start: startTinysshd },
  { name: "dropbear", missing: missingDropbear(), start: startDropbear },
  {
    name: "npm ssh2",
    missing: undefined,
    start: () => startSsh2Server({ shell: echoCommand, subsystems: { mcp: echoCommand } }),
    requests: [shell, subsystem],
  },
  { name: "npm ssh2 with aes128-gcm", missing: undefined, start: () => startSsh2Server({ algorithms: gcm }) },
  {
    name: "AsyncSSH",
    missing: missingAsyncssh() ?? missingSshd(),
    start: () => startAsyncssh({ shell: echoCommand }),
    requests: [shell],
  },
  {
    name: "AsyncSSH that lets everybody in",
    missing: missingAsyncssh() ?? missingSshd(),
    start: () => startAsyncssh({ isOpen: true, shell: echoCommand }),
    requests: [shell],
  },
];

const MIB = 2 ** 20;

for (const peer of PEERS) {
  describeNeeding(peer.missing, peer.name, () => {
    let server: SshServer;
    let flags: readonly string[] = [];
    const hosts: Host[] = [];
    const start = (remote: Remote) => {
      const host = startHost(launch(server, remote, flags));
      hosts.push(host);
      return host;
    };
    beforeAll(async () => {
      server = await peer.start();
      const isStrict = (await greetingOf(server)).includes("kex-strict-s-v00@openssh.com");
      // Said by the server itself, before ours could have an opinion.
      if (!isStrict) flags = ["--allow-chacha-without-strict-kex"];
    });
    afterAll(async () => {
      await endHosts(hosts);
      await server?.stop();
    });

    test.each([{ exec: echoCommand }, ...(peer.requests ?? [])])("answers a line through %o", async (remote) => {
      const host = start(remote);
      host.send('{"jsonrpc":"2.0","id":9007199254740993,"method":"raw/echo","params":{"a":1.0,"ü":"\u2028"}}');
      expect(await host.line()).toBe('{"jsonrpc":"2.0","id":9007199254740993,"result":{"a":1.0,"ü":"\u2028"}}');
      host.end();
      expect(await host.exit).toEqual({ code: 0, signal: null });
    });

    const volume = peer.volume ?? 8;
    test(`carries ${volume} MiB each way at the same time`, async () => {
      const host = start({ exec: echoCommand });
      host.send(`{"jsonrpc":"2.0","id":1,"method":"raw/bytes","params":{"count":${volume * MIB}}}`);
      const text = "x".repeat(volume * MIB);
      host.send(`{"jsonrpc":"2.0","id":2,"method":"raw/echo","params":{"text":"${text}"}}`);
      const download = JSON.parse(await host.line());
      expect(download.result.text === "0123456789abcdef".repeat((volume * MIB) / 16)).toBe(true);
      expect((await host.line()) === `{"jsonrpc":"2.0","id":2,"result":{"text":"${text}"}}`).toBe(true);
      host.end();
      expect((await host.exit).code).toBe(0);
    });

    const answersStatus = async () => {
      const host = start({ exec: "echo said on stderr >&2; cat >/dev/null; exit 7" });
      await host.stderrMatch(/said on stderr/);
      host.end();
      expect((await host.exit).code).toBe(7);
    };
    if (!peer.isForced) test("gives stderr and an exit status", answersStatus);

    test("leaves no process behind", () => until("their end", () => server.remoteProcesses().length === 0));
  });
}

function openssh(line: string): Promise<SshServer> {
  return startSshd({ config: [line] });
}
