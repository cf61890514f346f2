import { describe, expect, test } from "vitest";
import { byteByByte, ClientRig, endingOf, messageOf, rigAt } from "../support/client-rig.ts";

const numbersOf = ({ peer }: ClientRig): number[] => peer.received.map(({ number }) => number);

describe("the version exchange, RFC 4253 §4.2", () => {
  test("version line and KEXINIT leave at once, before the server says anything", () => {
    const rig = new ClientRig().run();
    expect(rig.peer.clientVersion).toMatch(/^SSH-2\.0-[!-,.-~]+$/); // printable US-ASCII, no minus, no space
    expect(numbersOf(rig)).toEqual([20]);
  });

  const long = "x".repeat(255);
  const accepted: readonly { about: string; version: string; shown: string }[] = [
    { about: "a version line", version: "SSH-2.0-x\r\n", shown: "SSH-2.0-x" },
    { about: "a comment after the version", version: "SSH-2.0-x y z - \r\n", shown: "SSH-2.0-x y z - " },
    { about: "no CR", version: "SSH-2.0-x\n", shown: "SSH-2.0-x" },
    { about: "SSH-1.99, RFC 4253 §5.1", version: "SSH-1.99-x\r\n", shown: "SSH-1.99-x" },
    { about: "text lines before it", version: "hello\r\n\nSSH 2.0\nSSH-2.0-x\r\n", shown: "SSH-2.0-x" },
    { about: "255 bytes with CR LF", version: `SSH-2.0-${long.slice(10)}\r\n`, shown: `SSH-2.0-${long.slice(10)}` },
    { about: "255 bytes with LF alone", version: `SSH-2.0-${long.slice(9)}\n`, shown: `SSH-2.0-${long.slice(9)}` },
    { about: "a text line of 8192 bytes", version: `${"y".repeat(8192)}\nSSH-2.0-x\r\n`, shown: "SSH-2.0-x" },
    { about: "1024 text lines", version: `${"\r\n".repeat(1024)}SSH-2.0-x\r\n`, shown: "SSH-2.0-x" },
    { about: "control characters in text lines", version: "\0\x1b[2J\x7f\r\nSSH-2.0-x\r\n", shown: "SSH-2.0-x" },
    { about: "a character that a terminal would act on", version: "SSH-2.0-\u202ex\r\n", shown: "SSH-2.0-\\u{202e}x" },
  ];

  test.each(accepted)("takes $about, and hashes the line without its end", ({ version, shown }) => {
    const rig = new ClientRig({ version }).start();
    expect(endingOf(rig)).toEqual({ error: "open", disconnect: undefined });
    expect(rig.client.serverVersion).toBe(shown);
    expect(rig.client.sessionId).toEqual(rig.peer.sessionId);
  });

  test.each(accepted)("takes $about, byte by byte", ({ version, shown }) => {
    const rig = new ClientRig({ version, cut: byteByByte, holdsVerdict: true }).start();
    expect(rig.told("host-key")).toHaveLength(1);
    expect(rig.client.serverVersion).toBe(shown);
  });

  test.each<{ about: string; version: string; says: RegExp; disconnect?: number }>([
    { about: "256 bytes with CR LF", version: `SSH-2.0-${long.slice(9)}\r\n`, says: /more than 255 bytes/ },
    { about: "256 bytes with LF alone", version: `SSH-2.0-${long.slice(8)}\n`, says: /more than 255 bytes/ },
    { about: "a text line of 8193 bytes", version: `${"y".repeat(8193)}\nSSH-2.0-x\r\n`, says: /over-long line/ },
    { about: "8193 bytes without a line's end", version: "y".repeat(8193), says: /a line without end/ },
    { about: "1025 text lines", version: `${"\n".repeat(1025)}SSH-2.0-x\r\n`, says: /1025 lines/ },
    { about: "a NUL in the version line", version: "SSH-2.0-x\0y\r\n", says: /control character/ },
    { about: "an escape in the version line", version: "SSH-2.0-\x1b[2J\r\n", says: /control character/ },
    { about: "DEL in the version line", version: "SSH-2.0-\x7f\r\n", says: /control character/ },
    { about: "a CR inside the version line", version: "SSH-2.0-x\ry\r\n", says: /control character/ },
    { about: "SSH-1.5", version: "SSH-1.5-x\r\n", says: /speaks SSH-1\.5-x; SSH-2\.0 is needed/, disconnect: 8 },
    { about: "SSH-2.1", version: "SSH-2.1-x\r\n", says: /SSH-2\.0 is needed/, disconnect: 8 },
    { about: "SSH-2.0 without a software version", version: "SSH-2.0\r\n", says: /without the name/, disconnect: 2 },
    { about: "a web server", version: "HTTP/1.1 400 Bad Request\r\n", says: /no SSH server: it sent HTTP/ },
  ])("refuses $about", ({ version, says, disconnect = 2 }) => {
    const rig = new ClientRig({ version });
    rig.peer.sendVersion();
    rig.run();
    expect(endingOf(rig)).toEqual({ error: "ProtocolError", section: "RFC 4253 §4.2", disconnect });
    expect(messageOf(rig)).toMatch(says);
    expect(numbersOf(rig)).toEqual([20, 1]);
  });

  test("a line of 8192 bytes without an end may still go on", () => {
    const rig = rigAt("before KEXINIT", { version: "y".repeat(8192) });
    expect([rig.end, rig.client.serverVersion]).toEqual(["open", ""]);
  });

  test("text before the version line is traced, escaped, no more than eight lines of it", () => {
    const version = `${"go away\x07\n".repeat(20)}SSH-2.0-x\r\n`;
    const rig = new ClientRig({ version, client: { trace: true } }).start();
    const said = rig.client.takeTraces().filter((line) => line.includes("before its version"));
    expect(said).toHaveLength(8);
    expect(said[0]).toBe("server says before its version: go away\\x07");
  });
});
