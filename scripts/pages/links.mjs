// Checks links between pages: the file and the heading must exist. Links to other websites are not checked.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** The problems with the links of these pages. */
export function linkProblems(pages) {
  return pages.flatMap((page) => linksOf(page).flatMap(({ target, line }) => problem(page, line, target)));
}

/** Pages of docs/ that are missing from the index. */
export function unlisted(pages, index) {
  const listed = new Set(linksOf(index).map(({ target }) => normalize(join(dirname(index), target.split("#")[0]))));
  const wanted = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== index);
  return wanted.filter((page) => !listed.has(page)).map((page) => `${index}: no link to ${page}`);
}

function problem(page, line, target) {
  if (/^[a-z]+:/i.test(target)) return [];
  const [path, anchor] = target.split("#");
  const file = path === "" ? page : join(dirname(page), path);
  if (!existsSync(file)) return [`${page}:${line}: there is no ${target}`];
  if (anchor === undefined) return [];
  if (!statSync(file).isFile() || !anchorsOf(file).has(anchor)) return [`${page}:${line}: there is no heading ${target}`];
  return [];
}

/** Removes code line by line, so that line numbers stay the same. */
function proseOf(page) {
  const text = readFileSync(page, "utf8").replaceAll(/^( *)```[\s\S]*?^\1```$/gm, (code) => code.replaceAll(/[^\n]/g, ""));
  return text.split("\n").map((line) => line.replaceAll(/`[^`\n]*`/g, "`code`"));
}

function linksOf(page) {
  return proseOf(page).flatMap((text, index) =>
    [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/g)].map(([, inline, reference]) => {
      return { target: inline ?? reference, line: index + 1 };
    }),
  );
}

/** GitHub's anchors for headings: https://github.com/gjtorikian/html-pipeline, the table-of-contents filter. */
function anchorsOf(file) {
  const seen = new Map();
  const text = readFileSync(file, "utf8").replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "");
  return new Set(
    [...text.matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading]) => {
      const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
      const slug = plain
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
        .replaceAll(" ", "-");
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return times === 0 ? slug : `${slug}-${times}`;
    }),
  );
}
