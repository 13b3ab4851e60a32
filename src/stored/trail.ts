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
export async function trailFrom<Place extends Key>(
  first: Place,
  next: (place: Place) => Promise<Place | undefined>,
): Promise<Place[]> {
  const trail: Place[] = [];
  for (let place: Place | undefined = first; place !== undefined; place = await next(place)) {
    const { id, route } = place;
    if (trail.some((earlier) => earlier.id === id && earlier.route === route)) break;
    trail.push(place);
  }
  return trail;
}
