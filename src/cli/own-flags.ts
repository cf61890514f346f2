/**
 * Own flags: those of a subcommand itself, taken out from among the proxy's flags, which it takes as well. They are
 * written whole, so they are never mistaken for a prefix, and no value of the proxy's begins with a dash. Pure.
 */
import { UsageError } from "./values.ts";

export interface OwnFlags {
  /** Which of them were given, with their last value; true where they take none. */
  readonly own: ReadonlyMap<string, string | true>;
  /** The other arguments, in order. */
  readonly rest: readonly string[];
}

/** `takesValue`: by each flag's name, with dashes, whether it takes a value. @throws UsageError for a value too many or too few */
export function takeOwnFlags(argv: readonly string[], takesValue: Readonly<Record<string, boolean>>): OwnFlags {
  const own = new Map<string, string | true>();
  const rest: string[] = [];
  const args = [...argv];
  for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
    const [, flag = arg, inline] = /^(--[^=]+)=(.*)$/s.exec(arg) ?? [];
    if (!Object.hasOwn(takesValue, flag)) rest.push(arg);
    else if (takesValue[flag]) own.set(flag, inline ?? nextValue(flag, args));
    else if (inline === undefined) own.set(flag, true);
    else throw new UsageError(`argument ${flag}: takes no value`);
  }
  return { own, rest };
}

function nextValue(flag: string, args: string[]): string {
  const next = args.shift();
  if (next === undefined || next.startsWith("-")) throw new UsageError(`argument ${flag}: expected one argument`);
  return next;
}
