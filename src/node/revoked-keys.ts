/**
 * Revoked keys: the files of ssh_config's RevokedHostKeys, as what known_hosts calls the same thing. As with ssh, a file
 * that cannot be read revokes all, and so does a line: nobody knows what it would have said.
 */
import { KeyFormatError } from "../ssh/errors.ts";
import { parseKnownHosts } from "../ssh/known-hosts.ts";
import { printable } from "../ssh/printable.ts";
import { type KnownHostsFile, readKnownHosts } from "./files.ts";

/** How ssh-keygen -k begins its lists. OpenSSH PROTOCOL.krl. */
const krlMagic = "SSHKRL\n";

/** Reads lists of public keys, one a line. @throws FileError; KeyFormatError for a list in OpenSSH's binary form, and for a line that is no key */
export async function readRevokedKeys(paths: readonly string[]): Promise<readonly KnownHostsFile[]> {
  const files = await readKnownHosts(paths);
  return files.map(({ path, text }) => {
    const name = printable(path);
    if (text.startsWith(krlMagic)) {
      throw new KeyFormatError(
        `RevokedHostKeys ${name} is a KRL, which is not read here: list the keys as text, one a line`,
      );
    }
    const marked = text.replace(/^[ \t]*(?=[^\s#])/gm, "@revoked * ");
    const [unclear] = parseKnownHosts(name, marked).notes;
    if (unclear !== undefined) throw new KeyFormatError(`RevokedHostKeys ${unclear}: it may mean any key`);
    return { path, text: marked };
  });
}
