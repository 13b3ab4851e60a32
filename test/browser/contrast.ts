/** How well the texts of a page stand out from what is behind them: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
import type { Page } from "playwright-core";

export interface Contrast {
  readonly text: string;
  readonly ratio: number;
}

/** Runs in the page: the colors of each element that has text of its own. */
const COLORS = `[...document.querySelectorAll("body *")]
  .filter((element) => element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .map((element) => {
    let behind = element;
    while (behind && getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
    return {
      text: element.tagName + " " + element.textContent.trim().slice(0, 30),
      colors: [getComputedStyle(element).color, getComputedStyle(behind ?? document.body).backgroundColor],
    };
  })`;

export async function contrasts(page: Page): Promise<Contrast[]> {
  const found = (await page.evaluate(COLORS)) as { text: string; colors: [string, string] }[];
  return found.map(({ text, colors }) => ({ text, ratio: ratio(...colors) }));
}

function ratio(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Of "rgb(1, 2, 3)". */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = (color.match(/\d+/g) ?? []).map((part) => {
    const value = Number(part) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
