/**
 * How often a session waits for a far server before the user's first byte is on its way. A flight is what we send at
 * once; each but the first has to wait for something of the server's, which costs a round trip. What more could go
 * early, and which servers take it, is told in README.md beside this file.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import type { Signer } from "../../src/ssh/algorithms/interfaces.ts";
import { type ClientEvent, SshClient } from "../../src/ssh/client.ts";
import * as m from "../../src/ssh/messages.ts";
import { parsePrivateKey } from "../../src/ssh/private-key.ts";
import { signerOf } from "../../src/ssh/signers.ts";
import { table } from "../../src/ssh/table.ts";
import { encodeFields, utf8 } from "../../src/ssh/wire.ts";
import { missingAsyncssh, startAsyncssh } from "../support/asyncssh.ts";
import { missingDropbear, startDropbear } from "../support/dropbear.ts";
import { describeNeeding } from "../support/needs.ts";
import { seededBytes } from "../support/peer-crypto.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { startSsh2Server } from "../support/ssh2-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { missingTinysshd, startTinysshd } from "../support/tinysshd.ts";

const servers: readonly (readonly [name: string, missing: string | undefined, start: () => Promise<SshServer>])[] = [
  ["OpenSSH", missingSshd(), startSshd],
  ["tinysshd", missingTinysshd(), startTinysshd],
  ["dropbear", missingDropbear(), startDropbear],
  ["npm ssh2", undefined, startSsh2Server],
  ["AsyncSSH", missingAsyncssh(), startAsyncssh],
];

/** Six round trips after TCP's own. */
const flights = [
  // RFC 4253 §4.2: nothing need be waited for.
  ["version", "KEXINIT"],
  // The server's KEXINIT: which method was chosen.
  ["KEX_ECDH_INIT"],
  // The reply: the host key must be trusted first. RFC 4253 §10 and RFC 4252 §5 let both requests go at once.
  ["NEWKEYS", "SERVICE_REQUEST", "USERAUTH_REQUEST"],
  // PK_OK: a signature is made only for a key that the server would take.
  ["USERAUTH_REQUEST"],
  // SUCCESS: RFC 4252 §6 forbids it before.
  ["CHANNEL_OPEN"],
  // The confirmation: it says by which number the server calls the channel.
  ["CHANNEL_REQUEST", "CHANNEL_REQUEST"],
  // CHANNEL_SUCCESS: the command runs.
  ["CHANNEL_DATA"],
];

describe("the flights before the user's first byte", () => {
  for (const [name, missing, start] of servers) {
    describeNeeding(missing, name, () => {
      test("are seven", async () => {
        const server = await start();
        try {
          expect(await flightsTo(server)).toEqual(flights);
        } finally {
          await server.stop();
        }
      });
    });
  }
});

/** The messages of each flight, up to the first CHANNEL_DATA. */
async function flightsTo(server: SshServer): Promise<readonly (readonly string[])[]> {
  const signer = signerOf(parsePrivateKey(readFileSync(server.clientKey, "utf8")));
  const client = new SshClient({
    user: server.user,
    keys: [signer],
    randomBytes: seededBytes("flights"),
    table,
    allowChachaWithoutStrictKex: true, // tinysshd
    trace: true,
  });
  const made: string[][] = [];
  const socket = connect(server.port, server.host);
  await once(socket, "connect");
  const send = (): void => {
    const names = client.takeTraces().flatMap((trace) => /^sent SSH_MSG_(\w+)/.exec(trace)?.[1] ?? []);
    const bytes = client.takeOutput();
    if (bytes.length === 0) return;
    made.push(made.length === 0 ? ["version", ...names] : names);
    socket.write(bytes);
  };
  send();
  for await (const chunk of socket) {
    client.receive(chunk);
    for (let event = client.nextEvent(); event !== undefined; event = client.nextEvent()) react(client, event, signer);
    send();
    if (made.at(-1)?.includes("CHANNEL_DATA")) break;
  }
  return made;
}

function react(client: SshClient, event: ClientEvent, signer: Signer): void {
  if (event.type === "host-key") client.acceptHostKey();
  if (event.type === "sign") client.provideSignature(signer.sign(event.data, event.algorithm) as Uint8Array);
  if (event.type === "ended") throw event.error ?? new Error("ended");
  if (event.type === "authenticated")
    client.openChannel({ channelType: "session", typeFields: new Uint8Array(0), requests });
  if (event.type === "channel" && event.news.news === "ready")
    client.write(event.channel, utf8("the user's first byte"));
}

const env = encodeFields(m.ENV_REQUEST, { variableName: "LANG", variableValue: "C.UTF-8" });
const requests = [
  { requestType: "env", requestFields: env, label: "LANG" },
  { requestType: "exec", requestFields: encodeFields(m.EXEC_REQUEST, { command: "cat" }), label: "exec" },
];
