/** A store as koa-session takes it, whose rows a test can see. */
export function rowsOfKoaSession() {
  const rows = new Map<string, string>();
  return {
    rows,
    get: async (key: string) => JSON.parse(rows.get(key) ?? "null"),
    set: async (key: string, value: object) => void rows.set(key, JSON.stringify(value)),
    destroy: async (key: string) => void rows.delete(key),
  };
}
