import { createPublicKey, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parsePrivateKey } from "../../src/ssh/private-key.ts";
import { signerOf } from "../../src/ssh/signers.ts";
import { vectors } from "../support/vectors.ts";

interface KeyFile {
  readonly name: string;
  readonly text: string;
  readonly passphrase?: string;
  readonly expect: { readonly publicKey: string } | { readonly error: string };
}

const files = vectors<KeyFile>("private-key.json").flatMap((file) =>
  "error" in file.expect ? [] : [{ ...file, publicKey: file.expect.publicKey }],
);

describe("the signer of a key file signs with that key", () => {
  const ofEd25519 = files.filter(({ publicKey }) => publicKey.startsWith("ssh-ed25519 "));

  test.each(ofEd25519)("$name", async ({ text, passphrase = "", publicKey }) => {
    const signer = signerOf(parsePrivateKey(text, new TextEncoder().encode(passphrase)));
    const blob = Buffer.from(publicKey.split(" ")[1]!, "base64");
    expect(Buffer.from(signer.publicKeyBlob)).toEqual(blob);
    const data = new TextEncoder().encode("what is signed");
    const signature = Buffer.from(await signer.sign(data, "ssh-ed25519"));
    // RFC 8709 §6: string "ssh-ed25519", string signature
    expect(signature.subarray(0, 19).toString("latin1")).toBe("\0\0\0\x0bssh-ed25519\0\0\0\x40");
    const key = { kty: "OKP", crv: "Ed25519", x: blob.subarray(-32).toString("base64url") };
    expect(verify(null, data, createPublicKey({ key, format: "jwk" }), signature.subarray(19))).toBe(true);
  });
});
