/**
 * Config ignored: which keywords the value of IgnoreUnknown (ssh_config(5)) lets pass. Pure. A file may hold as many
 * patterns and unknown keywords as fit, and each is held against each: so few and short ones are. What is beyond that is
 * left out like all that is unknown, and told.
 */
import { isPatternListMatch, lowerCase } from "../ssh/host-pattern.ts";

/** How many patterns are looked at, and how many keywords, of files of a pass. */
const mostPatterns = 64;
const mostKeywords = 1000;
/** Characters of a pattern or a keyword; ssh's longest has 32. */
const longest = 64;

export class IgnoredKeywords {
  #list: string | undefined;
  #patterns: readonly string[] = [];
  readonly #verdicts = new Map<string, boolean>();

  /** Whether `list`, the value of IgnoreUnknown, names the unknown keyword, which is in lower case. */
  covers(keyword: string, list: string | undefined): boolean {
    if (list === undefined || keyword.length > longest) return false;
    if (this.#list !== list) this.#take(list);
    const known = this.#verdicts.get(keyword);
    if (known !== undefined || this.#verdicts.size >= mostKeywords) return known ?? false;
    const verdict = isPatternListMatch(this.#patterns, keyword);
    this.#verdicts.set(keyword, verdict);
    return verdict;
  }

  #take(list: string): void {
    this.#list = list;
    this.#patterns = list
      .split(",", mostPatterns)
      .filter((pattern) => pattern.length <= longest)
      .map(lowerCase);
    this.#verdicts.clear();
  }
}
