/**
 * Finds secrets that are long enough but easy to guess: they have patterns that random bytes do not have in any
 * spelling.
 *
 * The limits leave a wide margin. 32 random hex digits, the shortest allowed secret, are refused less than once in 2^40
 * times, and 32 random bytes in no spelling.
 *
 * @module
 */
import { binaryText, decodeBase64url } from "../ground/encoding.ts";

/** The least entropy of a secret's characters, in bits. 32 random hex digits have about 117. */
const LEAST_BITS = 64;
/** The least number of characters outside words and keyboard rows, for that much entropy. */
const LEAST_CHARACTERS = 12;
/** By what share of all characters the regular ones must outnumber the others, which may be deliberate typos. */
const MOST = 3 / 4;
/** Shorter pieces of a row are common in random text. */
const LEAST_OF_A_ROW = 4;
/** A secret may be a whole file. Its beginning is enough. */
const LOOKED_AT = 256;
/** The least length of a secret, and so of what it may encode. */
const LEAST_BYTES = 32;

// Eight or more letters, or whole words: shorter ones appear in random letters once in a million secrets.
const PLACEHOLDER =
  /change[-_ ]?(me(?![a-z])|this|in[-_ ]?prod)|(your|my|some|\ba)[-_ ]?(super[-_ ]?)?((session[-_ ]?)?(secret|password)|session[-_ ]?key)(?![a-z])|(?<![a-z\d])((your|my|some|a)[-_ ]key(?![a-z\d])|insert[-_ ])|at[-_ ]?least[-_ ]?32|keyboard[-_ ]?cat|placeholder|replace[-_ ]?(me|this)/i;
const WORDS =
  "password secret session cookie token login admin root user welcome letmein hello world test example default change super random string " +
  "security secure production development server master dragon monkey iloveyou correct horse battery staple keyboard please this your key";
/** Rows and columns of keyboards, digits and letters. */
const ROWS =
  "abcdefghijklmnopqrstuvwxyz 01234567890 qwertyuiop asdfghjkl zxcvbnm 1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p !@#$%^&*()";

const WORD = new RegExp(WORDS.replaceAll(" ", "|"), "g");
const BOTH_WAYS = ROWS.split(" ").flatMap((row) => [row, [...row].reverse().join("")]);
const SEPARATOR = /[\s_.,-]/;

/** Why a secret is weak, or undefined if it does not look weak. */
export function weakness(secret: Uint8Array): string | undefined {
  for (const reading of readings(binaryText(secret))) {
    if (PLACEHOLDER.test(reading)) return "it looks like a placeholder";
    // Case makes a secret no harder to guess.
    const text = reading.slice(0, LOOKED_AT).toLowerCase();
    if (isRegular(text)) return "it repeats itself, or goes up or down like abcdefgh";
    if (bitsOf(text) < LEAST_BITS || ownCharacters(text) < LEAST_CHARACTERS) return "it is easy to guess";
  }
  return undefined;
}

/**
 * A text, and the bytes it may encode in hex or base64, one character each: an encoding makes a secret no harder to
 * guess.
 */
function readings(text: string): string[] {
  const isHex = /^([0-9a-f]{2})+$/i.test(text);
  const hex = isHex ? text.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16))) : "";
  const base64 = decodeBase64url(
    text
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replace(/={1,2}$/, ""),
  );
  return [text, hex, base64 === null ? "" : binaryText(base64)].filter((reading) => reading.length >= LEAST_BYTES);
}

/**
 * Whether nearly every character differs by the same amount from the one a fixed distance before: 0 in a repetition, 1
 * in "abcdefgh".
 */
function isRegular(text: string): boolean {
  for (let distance = 1; distance <= text.length / 2; distance++) {
    // The Boyer-Moore majority vote: only the majority step has many votes left at the end.
    let [step, votes] = [0, 0];
    for (let at = distance; at < text.length; at++) {
      const one = text.charCodeAt(at) - text.charCodeAt(at - distance);
      if (votes === 0) step = one;
      votes += one === step ? 1 : -1;
    }
    if (votes >= MOST * (text.length - distance)) return true;
  }
  return false;
}

function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits + count * Math.log2(text.length / count), 0);
}

/** The number of characters outside common words and keyboard rows, counted up to the limit. */
function ownCharacters(text: string): number {
  const rest = text.replace(WORD, " ");
  let own = 0;
  for (let at = 0; at < rest.length && own < LEAST_CHARACTERS; ) {
    const length = Math.max(...BOTH_WAYS.map((row) => inCommon(rest, at, row)));
    const inRow = length >= LEAST_OF_A_ROW;
    if (!inRow && !SEPARATOR.test(rest.charAt(at))) own++;
    at += inRow ? length : 1;
  }
  return own;
}

function inCommon(text: string, at: number, row: string): number {
  const from = row.indexOf(text.charAt(at));
  if (from === -1) return 0;
  let length = 1;
  while (from + length < row.length && text[at + length] === row[from + length]) length++;
  return length;
}
