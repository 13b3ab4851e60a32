// Fails if README.md or a page in docs/ has a broken link, code that does not
// type-check, a repository file shown with different content, or a program that
// does not behave as shown. Page names as arguments limit the check to those pages.
import { allPages, blocksOf } from "./pages/blocks.mjs";
import { linkProblems, unlisted } from "./pages/links.mjs";
import { programProblems } from "./pages/programs.mjs";
import { shownProblems } from "./pages/shown.mjs";
import { typeProblems } from "./pages/types.mjs";

// Inside this folder, so that code blocks find the installed packages.
const FOLDER = process.env.PAGES_FOLDER ?? ".docs";
const given = process.argv.slice(2);
const pages = given.length > 0 ? given : allPages();
const blocks = pages.flatMap(blocksOf);
const problems = [
  ...linkProblems(pages),
  ...(given.length > 0 ? [] : unlisted(pages, "docs/README.md")),
  ...shownProblems(blocks),
  ...(await typeProblems(blocks, `${FOLDER}/types`)),
  ...(await programProblems(blocks, `${FOLDER}/run`)),
];
for (const problem of problems) console.log(problem);
if (problems.length > 0) process.exit(1);
console.log(
  `pages: ${pages.length} pages, ${blocks.length} blocks: links lead somewhere, code type-checks, programs do what is shown`,
);
