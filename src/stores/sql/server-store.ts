/**
 * The SQL store for servers with many connections, where each statement sees the rows as they were when it began.
 *
 * @module
 */
import type { Key } from "../../session/record.ts";
import type { SessionRow } from "./rows.ts";
import { SqlStore } from "./store.ts";

/** The part that MySQL and Postgres share. */
export class ServerStore extends SqlStore {
  /**
   * Follows marks with one statement each. A single statement would see them as they were when it began,
   * and miss a session that moves meanwhile. The marks go last, so that a failed call can be retried.
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
