/**
 * Config tokens: `%h`, `${NAME}` and a leading `~` in values of ssh_config(5), TOKENS and ENVIRONMENT VARIABLES. Pure.
 */
import { printable } from "../ssh/printable.ts";

/** What each token stands for, by its letter; null where the system does not tell. */
export type Tokens = Readonly<Record<string, string | null | undefined>>;

/** A value that cannot be expanded; whoever knows the line adds it. */
export class ExpansionError extends Error {
  override readonly name = "ExpansionError";
}

/** Replaces the tokens; `%%` is a percent sign. @throws ExpansionError for a token that this keyword does not have */
export function expandTokens(value: string, tokens: Tokens): string {
  return value.replace(/%(.?)/gs, (_, letter: string) => token(letter, tokens));
}

/** Replaces tokens and `${NAME}`, neither of them in what another put in. @throws ExpansionError, for an unset variable too */
export function expandAll(value: string, tokens: Tokens, env: (name: string) => string | undefined): string {
  return value.replace(/%(.?)|\$\{([^}]*)(\}?)/gs, (_, letter: string | undefined, name = "", end = "") => {
    if (letter !== undefined) return token(letter, tokens);
    const found = end === "" || name === "" ? undefined : env(name);
    if (found !== undefined) return found;
    throw new ExpansionError(`there is no environment variable \${${printable(name, 80)}}`);
  });
}

function token(letter: string, tokens: Tokens): string {
  if (letter === "%") return "%";
  const found = Object.hasOwn(tokens, letter) ? tokens[letter] : undefined;
  if (found === null) throw new ExpansionError(`%${letter} is not told to this process (in Deno: --allow-sys)`);
  if (found === undefined) throw new ExpansionError(`%${printable(letter)} has no meaning here`);
  return found;
}
