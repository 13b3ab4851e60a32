/**
 * The trail of a session that got new ids: the keys that its marks lead to, one after the other.
 *
 * @module
 */
import type { Key } from "../session/record.ts";

/**
 * The first key and those that marks lead to, in order. Each appears once, so a trail ends even if
 * damaged marks form a circle.
 *
 * @param next Where the mark at a key leads. Undefined if there is none.
 */
export async function trailFrom<Step extends Key>(first: Step, next: (step: Step) => Promise<Step | undefined>): Promise<Step[]> {
  const trail: Step[] = [];
  for (let step: Step | undefined = first; step !== undefined; step = await next(step)) {
    const { id, route } = step;
    if (trail.some((earlier) => earlier.id === id && earlier.route === route)) break;
    trail.push(step);
  }
  return trail;
}
