// Reads codes as find_code in base/typed_code.py does, so that a person sees the result before they
// press Enter. Python decides. tests/browser/test_typed_code_in_a_browser.py keeps the two in step.

const HALF = "[A-HJ-NP-Za-hj-np-z2-9]{4}";
const BLANK = "[\\s\\x1c-\\x1f\\x85]"; // Python's \s
const apart = (between) => new RegExp(
  `(?<![\\p{L}\\p{N}_])(?<![\\p{L}\\p{N}_]-)(?=(${HALF}${between}${HALF})(?!-?[\\p{L}\\p{N}_]))`, "gu");
const DASHED = apart(`${BLANK}*[-–]${BLANK}*`);
const BARE = apart(`${BLANK}*`);
const NOT_OF_IT = new RegExp(`${BLANK}|[–-]`, "gu");

// The codes in `text`, as XXXX-XXXX, each once: one of them is what the form can send.
export function codesIn(text) {
  const plain = text.normalize("NFKC").replace(/\p{Cf}/gu, "").replace(/(?!-)[\p{Pd}\u2212]/gu, "–");
  const together = plain.replace(NOT_OF_IT, "");
  const codes = new RegExp(`^${HALF}${HALF}$`, "u").test(together) ? [together] : within(plain);
  return [...new Set(codes.map((code) => `${code.slice(0, 4)}-${code.slice(4)}`.toUpperCase()))];
}

function within(plain) {
  const found = (pattern) => [...plain.matchAll(pattern)].map((match) => match[1]);
  const joined = (code) => code.replace(NOT_OF_IT, "");
  const dashed = found(DASHED).map(joined);
  if (dashed.length) return dashed;
  const minted = (code) => /\d/u.test(code) || code === code.toUpperCase();
  return found(BARE).filter(minted).map(joined);
}
