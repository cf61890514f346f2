import { describe, expect, test } from "vitest";
import { isPinned, parseHostKeyPin } from "../../src/node/host-key-pin.ts";
import { KeyFormatError } from "../../src/ssh/errors.ts";

/** Made with ssh-keygen of OpenSSH 9.2p1. */
const base64 = "AAAAC3NzaC1lZDI1NTE5AAAAIEz6KBhexvlppkNzykQCoa+uX+oM2e6ohtvgC/Itzf8A";
const fingerprint = "SHA256:UvXWh0KQ5xNjpN+69A/YLj5lpuIH+2TgDo1BZrbWIo0";
const hostKey = { algorithm: "ssh-ed25519", blob: Uint8Array.from(Buffer.from(base64, "base64")), fingerprint };

describe("a pin", () => {
  test.each([
    fingerprint,
    `${fingerprint}=`,
    ` ${fingerprint}\n`,
    `ssh-ed25519 ${base64}`,
    `ssh-ed25519 ${base64} root@h`,
    ` ssh-ed25519\t${base64}\r\n`,
  ])("%j is the key's", (text) => expect(isPinned(parseHostKeyPin(text), hostKey)).toBe(true));

  test.each([
    fingerprint.replace(/..$/, "o0").replace("U", "u"),
    fingerprint.replace(/0$/, "4"),
    `ssh-ed25519 ${base64.replace("f8A", "f8B")}`,
  ])("%j is another's", (text) => expect(isPinned(parseHostKeyPin(text), hostKey)).toBe(false));

  test.each([
    ["", "neither"],
    ["SHA256:", "43 characters"],
    ["SHA256:AAA", "43 characters"],
    [fingerprint.slice(0, -1), "43 characters"],
    [`${fingerprint}A`, "43 characters"],
    [fingerprint.replace(/.$/, "1"), "43 characters"],
    [fingerprint.replace("SHA256", "sha256"), "neither"],
    [fingerprint.slice(7), "neither"],
    ["MD5:c2:25:81:0d:7e:58:00:2c:e5:3b:e5:6e:2e:a6:a5:9b", "MD5 fingerprint can be forged"],
    ["c2:25:81:0d:7e:58:00:2c:e5:3b:e5:6e:2e:a6:a5:9b", "MD5 fingerprint can be forged"],
    ["ssh-ed25519", "neither"],
    [base64, "neither"],
    [`ssh-rsa ${base64}`, "neither"],
    [`h.example ssh-ed25519 ${base64}`, "neither"],
    [`ssh-ed25519 ${base64.slice(0, -1)}`, "neither"],
    ["ssh-ed25519 AAAAC3NzaC1", "neither"],
    [
      `ssh-ed25519-cert-v01@openssh.com ${Buffer.concat([Buffer.from("\0\0\0\x20ssh-ed25519-cert-v01@openssh.com"), Buffer.alloc(4)]).toString("base64")}`,
      "a certificate cannot be pinned",
    ],
  ])("%j is none", (text, why) => {
    expect(() => parseHostKeyPin(text)).toThrow(KeyFormatError);
    expect(() => parseHostKeyPin(text)).toThrow(why);
  });
});
