/**
 * A SessionStore in a database that many write to at the same time: each statement sees what was there when it began.
 *
 * @module
 */
import type { Key } from "../../session/record.ts";
import type { SessionRow } from "./rows.ts";
import { SqlStore } from "./store.ts";

/** What servers of many connections have in common. */
export class ServerStore extends SqlStore {
  /**
   * Follows marks statement by statement. One statement for all of them would look where they led when it began, and miss a session that
   * moves on meanwhile. The session goes first and the marks last: where the way there breaks off, the next try finds it.
   */
  override async remove({ id }: Key): Promise<void> {
    const marks: string[] = [];
    for (let at: string | null = id; at !== null && !marks.includes(at); ) {
      const [removed] = await this.write("remove", { id: at });
      const mark: SessionRow | undefined = removed?.length === 1 ? undefined : await this.row(at);
      if (mark === undefined) break;
      marks.push(at);
      at = mark.moved_to;
    }
    for (const mark of marks.reverse()) await this.write("removeMark", { id: mark });
  }
}
