import { describe, expect, test } from "vitest";
import { connect } from "../../src/ssh/connect.ts";
import * as m from "../../src/ssh/messages.ts";
import { ClientRig, type RigOptions } from "../support/client-rig.ts";
import { PeerKey } from "../support/peer-crypto.ts";
import { ScriptedPeer } from "../support/scripted-peer.ts";

/** A client that has come to where the peer, which leaves `unanswered` unanswered, owes it something, or not. */
function rigWithout(unanswered: readonly number[], options: RigOptions = {}): ClientRig {
  const rig = new ClientRig(options);
  for (const number of unanswered) rig.peer.answers.delete(number);
  return rig.start();
}

function ignoresAfterAcknowledge(rig: ClientRig): number {
  rig.client.acknowledge();
  rig.run();
  return rig.peer.of(m.IGNORE).length;
}

describe("acknowledge sends an IGNORE for TCP's ACK to ride on, RFC 4253 §11.2,", () => {
  test("while SERVICE_ACCEPT is awaited", () => {
    expect(ignoresAfterAcknowledge(rigWithout([m.SERVICE_REQUEST.number, m.USERAUTH_REQUEST.number]))).toBe(1);
  });

  test("while the answer to the key query is awaited", () => {
    expect(ignoresAfterAcknowledge(rigWithout([m.USERAUTH_REQUEST.number]))).toBe(1);
  });

  test("while the answer to the opening is awaited", () => {
    const rig = rigWithout([m.CHANNEL_OPEN.number]);
    rig.openChannel();
    expect(ignoresAfterAcknowledge(rig)).toBe(1);
  });

  test("while the answer to a channel's request is awaited", () => {
    const rig = rigWithout([m.CHANNEL_REQUEST.number]);
    rig.openChannel();
    expect(ignoresAfterAcknowledge(rig)).toBe(1);
  });
});

describe("acknowledge sends nothing", () => {
  test("before the first NEWKEYS, where strict kex forbids it", () => {
    expect(ignoresAfterAcknowledge(rigWithout([m.KEX_ECDH_INIT.number]))).toBe(0);
  });

  test("while the host key waits for its verdict", () => {
    expect(ignoresAfterAcknowledge(rigWithout([], { holdsVerdict: true }))).toBe(0);
  });

  test("while the signature is ours to give", () => {
    expect(ignoresAfterAcknowledge(rigWithout([], { holdsSignature: true }))).toBe(0);
  });

  test("once the login is done, or the channel ready", () => {
    const rig = rigWithout([]);
    expect(ignoresAfterAcknowledge(rig)).toBe(0);
    rig.openChannel();
    expect(ignoresAfterAcknowledge(rig)).toBe(0);
  });

  test("during a rekey, RFC 4253 §7.1", () => {
    const rig = rigWithout([m.CHANNEL_OPEN.number]);
    rig.openChannel();
    rig.peer.answers.delete(m.KEXINIT.number);
    rig.client.rekey();
    expect(ignoresAfterAcknowledge(rig)).toBe(0);
  });

  test("after the end", () => {
    const rig = rigWithout([m.USERAUTH_REQUEST.number]);
    rig.client.disconnect();
    expect(ignoresAfterAcknowledge(rig)).toBe(0);
  });
});

test("connect acknowledges what it read and has no reply to, so that a server's Nagle lets the next message go", async () => {
  const user = new PeerKey("the user");
  const peer = new ScriptedPeer();
  peer.answers.delete(m.USERAUTH_REQUEST.number); // as sshd's PK_OK, held back until SERVICE_ACCEPT is acknowledged
  peer.answers.set(m.IGNORE.number, () => peer.sendMessage(m.USERAUTH_SUCCESS, {}));
  peer.greet();
  let toClient: ReadableStreamDefaultController<Uint8Array> | undefined;
  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => {
      toClient = controller;
      controller.enqueue(peer.takeOutput());
    },
  });
  const writable = new WritableStream<Uint8Array>({
    write: (bytes) => {
      peer.receive(bytes);
      const answer = peer.takeOutput();
      if (answer.length > 0) toClient?.enqueue(answer);
    },
  });
  const connection = await connect(
    { readable, writable },
    { user: "mcp", keys: [user], verifyHostKey: () => undefined },
  );
  expect(peer.of(m.IGNORE).length).toBe(1);
  await connection.close();
});
