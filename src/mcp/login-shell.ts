/**
 * Login shell: what a session without a command gets where the server gives no MCP server in its place. It takes our
 * lines for commands, and says on stderr that there are none of that name.
 */

/** What to do about it, without a full stop. */
export const SHELL_CURE = "a login shell is no MCP server: say what to start there with --command or --subsystem";

/** What to do about the silence of a shell's session, a sentence without the full stop. */
export const SHELL_SILENCE_CURE: string =
  "Without --command or --subsystem the server starts a login shell, which is no MCP server unless the server gives its own in " +
  "its place: say what to start there with one of them";

/** A member of a message as a shell shows it: quotes and braces may be gone. */
const member = /[\s{'"](?:jsonrpc|method|params|id)["']?:\S/;
/** Shells say who they are, in every language, and behind that what they did not find. */
const byName = /^-?(?:\S*\/)?(?:a|ba|c|da|fi|k|mk|pdk|rba|tc|z)?sh(?:\[\d+\])?: /;
/** Those that do not say who they are, and helpers that distributions have them ask. */
const nameless = /^'?\{?["']?(?:jsonrpc|method|params|id)["']?:.*(?:: command not found\.?$|' is not recognized as )/i;

/** Whether a line of stderr is a shell's word that a message of ours is no command. */
export function isShellsWord(line: string): boolean {
  return nameless.test(line) || (byName.test(line) && member.test(line));
}
