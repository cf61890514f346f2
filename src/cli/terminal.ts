/** Terminal: what a subcommand has of the world. Types only. */

/** What a subcommand has of the world. */
export interface Terminal {
  /** As in `mcp-ssh-client`. */
  readonly program: string;
  /** The local user's name. @throws UsageError where there is none */
  readonly localUser: () => string;
  /** Writes to stdout; resolves when the text is out of our hands. */
  readonly out: (text: string) => Promise<void>;
  /** Writes a line to stderr. */
  readonly err: (line: string) => void;
}
