/** From scripts/start to the demo: the backend serves, its first admin exists. */
export interface ToDemo {
  readonly type: "serving";
  /** Where the backend is reached on this machine. */
  readonly backend_url: string;
  readonly admin: { readonly email: string; readonly password: string };
  /** For the accounts that the demo makes. */
  readonly owner_password: string;
}

/** From the demo to scripts/start. */
export type FromDemo =
  /** The simulators serve; the environments that send the backend and the gateway to them. */
  | {
      readonly type: "simulators";
      readonly env: Readonly<Record<string, string>>;
      readonly gateway_env: Readonly<Record<string, string>>;
    }
  | { readonly type: "seeded"; readonly email: string; readonly password: string }
  | { readonly type: "failed"; readonly reason: string };
