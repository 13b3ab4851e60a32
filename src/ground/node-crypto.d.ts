// The part of node:crypto that the Node primitives use. Keeps all other Node types out of the library.
declare module "node:crypto" {
  export class KeyObject {
    readonly type: string;
  }
  interface Cipher {
    update(data: Uint8Array): Uint8Array<ArrayBuffer>;
    final(): Uint8Array<ArrayBuffer>;
    setAAD(data: Uint8Array): void;
    getAuthTag(): Uint8Array<ArrayBuffer>;
    setAuthTag(tag: Uint8Array): void;
  }
  export function createSecretKey(key: Uint8Array | string, encoding?: "utf8"): KeyObject;
  export function hash(algorithm: string, data: Uint8Array, encoding: "buffer"): Uint8Array<ArrayBuffer>;
  export function hash(algorithm: string, data: Uint8Array, encoding: "base64url"): string;
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
  export function hkdfSync(digest: "sha256", key: Uint8Array, salt: string, info: Uint8Array, length: number): ArrayBuffer;
  export function getCiphers(): string[];
  export function createCipheriv(algorithm: string, key: KeyObject | Uint8Array, iv: Uint8Array | null): Cipher;
  export function createDecipheriv(algorithm: string, key: KeyObject | Uint8Array, iv: Uint8Array | null): Cipher;
}
