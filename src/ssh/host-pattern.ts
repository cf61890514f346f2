/**
 * Host patterns: one spelling for each host, and the wildcards that OpenSSH matches it with (ssh_config(5), PATTERNS). Pure.
 */

/**
 * The one spelling by which a host is looked up, as OpenSSH's ssh makes it: lower case, numeric addresses as `getnameinfo`
 * prints them (RFC 5952, with dots where an IPv4 address is embedded). A name that is no address is only lowercased.
 */
export function canonicalHost(host: string): string {
  if (host.includes(":")) return canonicalIpv6(lowerCase(host));
  return /^[0-9a-fx.]*[0-9a-f]$/i.test(host) ? (hostOfUrl(host) ?? lowerCase(host)) : lowerCase(host);
}

/** Lowercases ASCII only, as OpenSSH does: Unicode's rules make a `k` of the Kelvin sign, and so one host of another. */
export function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
}

/** Whether a name matches one pattern of the list and none that is negated by a `!`. Name and patterns are lower case. */
export function isPatternListMatch(patterns: readonly string[], name: string): boolean {
  if (patterns.some((pattern) => pattern.startsWith("!") && isPatternMatch(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && isPatternMatch(pattern, name));
}

/**
 * Whether `*` (any characters) and `?` (one) can be filled so that the pattern becomes the name. After a mismatch only the
 * last `*` grows, which is enough: whatever the pattern, at most its length times the name's in steps.
 */
export function isPatternMatch(pattern: string, name: string): boolean {
  let at = 0;
  let afterStar = -1;
  let starEnd = 0;
  for (let i = 0; i < name.length; ) {
    if (pattern[at] === "*") {
      afterStar = ++at;
      starEnd = i;
    } else if (pattern[at] === "?" || pattern[at] === name[i]) {
      at++;
      i++;
    } else if (afterStar >= 0) {
      at = afterStar;
      i = ++starEnd;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

/** The zone of a link-local address stays as it is. */
function canonicalIpv6(host: string): string {
  const [address = "", ...zone] = host.split("%");
  const canonical = hostOfUrl(`[${address}]`)?.slice(1, -1);
  return canonical === undefined ? host : [withDots(canonical), ...zone].join("%");
}

/** `::ffff:7f00:1` and `::7f00:1` are written `::ffff:127.0.0.1` and `::127.0.0.1`. RFC 5952 §5. */
function withDots(address: string): string {
  const [, start = "", high = "", low = ""] = /^(::(?:ffff:)?)([0-9a-f]+):([0-9a-f]+)$/.exec(address) ?? [];
  if (start === "") return address;
  const bytes = [high, low].map((hex) => Number.parseInt(hex, 16)).flatMap((word) => [word >> 8, word & 0xff]);
  return start + bytes.join(".");
}

/** URLs know every spelling of a numeric address, and write each in one way. */
function hostOfUrl(host: string): string | undefined {
  try {
    return new URL(`http://${host}/`).hostname;
  } catch {
    return undefined;
  }
}
