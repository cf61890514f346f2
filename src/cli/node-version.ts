/** Node version: which Node we need. What runs before this is asked must be older than any that it refuses. Pure. */

/** As package.json has it in `engines`. */
export const leastNode = "20.19";

/** What to say of a Node that is too old, without a full stop; undefined where it is not. `version`: as in `18.20.8`. */
export function nodeTooOld(program: string, version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = leastNode.split(".").map(Number);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined;
  return `${program} needs Node ${leastNode} or newer, this is ${version}`;
}
