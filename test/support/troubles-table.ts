/** The table of docs/troubleshooting.md: what its rows quote. */

/** The words in the first cell of each row, in order. */
export function troublesOf(page: string): readonly string[] {
  const [, table = ""] = /<!-- troubles -->\n([\s\S]*?)<!-- \/troubles -->/.exec(page) ?? [];
  return [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, words = ""]) => words);
}
