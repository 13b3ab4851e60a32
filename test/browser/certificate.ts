/** A certificate for https on this machine, signed by nobody. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

export interface Certificate {
  /** Paths of files. */
  readonly key: string;
  readonly cert: string;
}

export function makeCertificate(folder: string): Certificate {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,DNS:*.localhost"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", cert, ...names], { stdio: "pipe" });
  return { key, cert };
}
