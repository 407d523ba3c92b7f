import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSigner } from "./signer.ts";
import { createVault, deriveKey, VaultError } from "./vault.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const OTHER = "fedcba9876543210fedcba9876543210";
const context = { business_id: 7, name: "users.totp_secret" };

describe("vault", () => {
  const vault = createVault(SECRET);

  it("gives back every text it sealed, never the same form twice", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const sealed = vault.seal(text, context);
        expect(vault.open(sealed, context)).toBe(text);
        expect(vault.seal(text, context)).not.toBe(sealed);
      }),
    );
  });

  it("opens what another process with the same secret sealed", () => {
    expect(createVault(SECRET).open(vault.seal("שלום", context), context)).toBe("שלום");
  });

  it("refuses a text with any bit changed", () => {
    const sealed = vault.seal("secret", context);
    const [version, key, encoded] = sealed.split(".");
    const body = Buffer.from(encoded!, "base64url");
    for (let bit = 0; bit < body.length * 8; bit++) {
      const changed = Buffer.from(body);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const text = `${version}.${key}.${changed.toString("base64url")}`;
      expect(() => vault.open(text, context)).toThrow(VaultError);
    }
  });

  it("refuses a text that belongs to another business or another name", () => {
    const sealed = vault.seal("secret", context);
    expect(() => vault.open(sealed, { ...context, business_id: 8 })).toThrow(VaultError);
    expect(() => vault.open(sealed, { ...context, business_id: null })).toThrow(VaultError);
    expect(() => vault.open(sealed, { ...context, name: "users" })).toThrow(VaultError);
  });

  it("says that the secret is another one, without telling secret or text", () => {
    const sealed = vault.seal("very secret", context);
    const error = (() => {
      try {
        return createVault(OTHER).open(sealed, context);
      } catch (thrown) {
        return thrown as Error;
      }
    })() as Error;
    expect(error.message).toContain("another APP_SECRET");
    expect(error.message).toContain(vault.fingerprint());
    expect(error.message).not.toMatch(/very secret|0123|fedc/);
  });

  it.each(["", "v1", "v1..", "v1.x", "v2.a.b", "v1.a.b.c", "plain text", "v1.aaaaaaaa.AAAA"])(
    "refuses %j as no sealed text",
    (text) => expect(() => vault.open(text, context)).toThrow(VaultError),
  );

  it("refuses a body that is cut short", () => {
    const [version, key] = vault.seal("", context).split(".");
    expect(() => vault.open(`${version}.${key}.AAAA`, context)).toThrow("cut short");
  });

  it("derives another key for each purpose", () => {
    expect(deriveKey(SECRET, "a").equals(deriveKey(SECRET, "b"))).toBe(false);
    expect(createVault(OTHER).fingerprint()).not.toBe(vault.fingerprint());
    expect(deriveKey(SECRET, "vault/v1").toString("hex")).not.toContain(vault.fingerprint());
  });
});

describe("signer", () => {
  let now = 1_800_000_000_000;
  const signer = createSigner(SECRET, { now: () => now });

  it("gives the payload back until the token expires", () => {
    const token = signer.sign("stream", { call_sid: "CA1", business_id: 3 }, 30);
    expect(token.length).toBeLessThan(200);
    expect(token).toMatch(/^[\w-]+\.[\w-]{43}$/);
    expect(signer.verify("stream", token)).toEqual({ call_sid: "CA1", business_id: 3 });
    now += 29_999;
    expect(signer.verify("stream", token)).not.toBeNull();
    now += 1;
    expect(signer.verify("stream", token)).toBeNull();
  });

  it("refuses a token of another purpose or another secret", () => {
    const token = signer.sign("stream", 1, 30);
    expect(signer.verify("reset", token)).toBeNull();
    expect(createSigner(OTHER, { now: () => now }).verify("stream", token)).toBeNull();
  });

  it("refuses every token with one character changed, and every other text", () => {
    const token = signer.sign("stream", { call_sid: "CA1" }, 30);
    for (let n = 0; n < token.length - 1; n++) {
      const other = token[n] === "A" ? "B" : "A";
      expect(signer.verify("stream", token.slice(0, n) + other + token.slice(n + 1))).toBeNull();
    }
    fc.assert(fc.property(fc.string(), (text) => signer.verify("stream", text) === null));
    for (const text of [
      `${token}.`,
      `${token}.a`,
      `.${token}`,
      token.slice(0, -2),
      "a".repeat(10_000),
    ]) {
      expect(signer.verify("stream", text)).toBeNull();
    }
  });
});
