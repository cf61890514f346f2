/** The README's table of troubles: what its rows quote. */

/** The words in the first cell of each row, in order. */
export function troublesOf(readme: string): readonly string[] {
  const [, table = ""] = /<!-- troubles -->\n([\s\S]*?)<!-- \/troubles -->/.exec(readme) ?? [];
  return [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, words = ""]) => words);
}
