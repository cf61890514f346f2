/**
 * Revoked keys: the files of ssh_config's RevokedHostKeys, as what known_hosts calls the same thing. As with ssh, a file
 * that cannot be read revokes all: nobody knows what it would have said.
 */
import { KeyFormatError } from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";
import { type KnownHostsFile, readKnownHosts } from "./files.ts";

/** How ssh-keygen -k begins its lists. OpenSSH PROTOCOL.krl. */
const krlMagic = "SSHKRL\n";

/** Reads lists of public keys, one a line. @throws FileError; KeyFormatError for a list in OpenSSH's binary form */
export async function readRevokedKeys(paths: readonly string[]): Promise<readonly KnownHostsFile[]> {
  const files = await readKnownHosts(paths);
  return files.map(({ path, text }) => {
    if (text.startsWith(krlMagic)) {
      const name = printable(path);
      throw new KeyFormatError(
        `RevokedHostKeys ${name} is a KRL, which is not read here: list the keys as text, one a line`,
      );
    }
    return { path, text: text.replace(/^[ \t]*(?=[^\s#])/gm, "@revoked * ") };
  });
}
