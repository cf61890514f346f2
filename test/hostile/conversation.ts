/**
 * Conversation: what the host says in every scenario, and what the remote answers. The host's words are canaries: where
 * they turn up before they may, something leaked.
 */

/** No server may see it before it has proved its host key. */
export const canaryUser = "canary-user";

/** Nor these before it has let us in. */
export const canaryCommand = "canary-command --with-a-secret";
export const canaryVariable = "CANARY_VARIABLE";
export const canaryValue = "canary-value-0b5e";
const canaryLine = "canary-line-77c1";

/** A request and a notification, of which a program that parses and prints JSON would change the bytes. */
export const hostLines: string =
  `{"jsonrpc":"2.0", "id":90071992547409931, "method":"ping","params":{"word":"${canaryLine} \u2028 \u00e9"}}\n` +
  `{"jsonrpc":"2.0","method":"notifications/x","params":{"a":1,"a":2,"word":"${canaryLine}"}}\n`;

/** What a host that keeps sending sends behind these, again and again: 64 KiB. */
export const moreOfHost: string = (() => {
  const head = `{"jsonrpc":"2.0","method":"notifications/more","params":{"word":"${canaryLine}","pad":"`;
  return `${head}${"m".repeat(65_536 - head.length - 4)}"}}\n`;
})();

/** What the remote answers, and a notification of its own. */
export const remoteLines: string =
  `{"id":90071992547409931,"result":{"z":1.0,"a":"\\u0041 \u2029 \ud83d\udd11"},  "jsonrpc":"2.0"}\n` +
  `{"jsonrpc":"2.0","method":"notifications/y","params":{"b":[1,2,3]}}\n`;

export const canaries: readonly string[] = [canaryCommand, canaryVariable, canaryValue, canaryLine];
