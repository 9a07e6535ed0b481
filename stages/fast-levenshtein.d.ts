/** The package ships no types. */
declare module 'fast-levenshtein' {
  const levenshtein: {
    /** How many insertions, deletions and substitutions of UTF-16 units make one string the other. */
    get(a: string, b: string): number;
  };
  export default levenshtein;
}
