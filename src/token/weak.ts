/**
 * What makes a secret easy to guess although it is long enough: what random bytes do not have, however they are spelled.
 *
 * The limits are far from anything random. 32 random hex digits, which is the least that is long enough, are refused less often than once in
 * 2^40 times, and 32 random bytes in no spelling.
 *
 * @module
 */
import { binaryText, decodeBase64url } from "../ground/encoding.ts";

/** What characters as rarely different as these can hold, in bits. 32 random hex digits hold about 117. */
const LEAST_BITS = 64;
/** So many characters that are in no word and no row can hold that much. */
const LEAST_CHARACTERS = 12;
/** How many more of all characters follow from others than do not: those may be mistakes that somebody made on purpose. */
const MOST = 3 / 4;
/** Shorter pieces of a row are often found in random text. */
const LEAST_OF_A_ROW = 4;
/** A secret may be a whole file; its beginning says enough. */
const LOOKED_AT = 256;
/** What a secret has at least, and so what it may be the spelling of. */
const LEAST_BYTES = 32;

// Eight letters and more, or whole words: what is shorter turns up in random letters once in a million secrets.
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

/** Why bytes are no good secret; undefined where nothing speaks against them. */
export function weakness(secret: Uint8Array): string | undefined {
  for (const reading of readings(binaryText(secret))) {
    if (PLACEHOLDER.test(reading)) return "it looks like a placeholder";
    // In other letters it would be as easy to guess.
    const text = reading.slice(0, LOOKED_AT).toLowerCase();
    if (isRegular(text)) return "it repeats itself, or goes up or down like abcdefgh";
    if (bitsOf(text) < LEAST_BITS || ownCharacters(text) < LEAST_CHARACTERS) return "it is easy to guess";
  }
  return undefined;
}

/** A text, and the bytes that it may be the hex or base64 of, one character for each: a spelling makes nothing harder to guess. */
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

/** Whether nearly every character differs by the same from the one some places before: by 0 where it repeats, by 1 in "abcdefgh". */
function isRegular(text: string): boolean {
  for (let distance = 1; distance <= text.length / 2; distance++) {
    // Boyer and Moore's vote: what most characters do has votes left in the end, and nothing else has many.
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

/** Shannon's entropy of the characters, together. */
function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits + count * Math.log2(text.length / count), 0);
}

/** How many characters are in no common word and no row of the keyboard; no more are counted than are needed. */
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

/** How many characters of a row a text has from a place on. */
function inCommon(text: string, at: number, row: string): number {
  const from = row.indexOf(text.charAt(at));
  if (from === -1) return 0;
  let length = 1;
  while (from + length < row.length && text[at + length] === row[from + length]) length++;
  return length;
}
