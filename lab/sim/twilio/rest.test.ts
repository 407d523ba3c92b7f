import twilio from "twilio";
import { afterEach, beforeEach, expect, it } from "vitest";
import { TestProduct } from "./test-product.ts";

let product: TestProduct;
let client: twilio.Twilio;

beforeEach(async () => {
  product = await new TestProduct().start();
  product.answers["/webhook/incoming_call"] = product.connect();
  product.answers["/hello"] = product.response("<Hangup/>");
  client = twilio(product.sim.account_sid, product.sim.auth_token);
  client.api.baseUrl = product.sim.api_base_url;
});
afterEach(async () => {
  await product.stop();
});

async function streaming() {
  const call = product.sim.placeCall({ to: "+97231234567" });
  await call.waitFor("stream_started");
  return call;
}

it("redirects a running call to TwiML, which ends its stream", async () => {
  const accepted = product.nextSocket();
  const call = await streaming();
  await client.calls(call.sid).update({ twiml: product.response(`<Pause length="60"/>`) });
  await (await accepted).next("stop");
  await call.waitFor("redirected");
  expect((await client.calls(call.sid).fetch()).status).toBe("in-progress");
  expect(product.requests.map(({ path }) => path)).not.toContain("/after");
});

it("redirects to a URL, completes, and refuses once the call is over", async () => {
  const call = await streaming();
  await client.calls(call.sid).update({ url: `${product.public_base_url}/hello` });
  await call.ended;
  const late = client.calls(call.sid).update({ status: "completed" });
  await expect(late).rejects.toMatchObject({ status: 400, code: 21_220 });
  const other = await streaming();
  await client.calls(other.sid).update({ status: "completed" });
  await other.ended;
  const unknown = client.calls(`CA${"0".repeat(32)}`).update({ status: "completed" });
  await expect(unknown).rejects.toMatchObject({ status: 404, code: 20_404 });
  expect(product.sim.violations).toEqual([]);
});

it("places a call and keeps a message", async () => {
  const created = await client.calls.create({
    to: "+972521111111",
    from: "+97231234567",
    url: `${product.public_base_url}/hello`,
  });
  await product.sim.calls.get(created.sid)?.ended;
  await client.messages.create({
    to: "whatsapp:+972521111111",
    from: "whatsapp:+97231234567",
    body: "שלום",
  });
  expect(product.sim.messages[0]?.params.Body).toBe("שלום");
});

it("refuses wrong credentials and malformed requests, and fails on command", async () => {
  const stranger = twilio(product.sim.account_sid, "wrong");
  stranger.api.baseUrl = product.sim.api_base_url;
  const call = await streaming();
  await expect(stranger.calls(call.sid).fetch()).rejects.toMatchObject({ status: 401 });
  product.sim.nextRequest({ kind: "http", status: 503 });
  await expect(client.calls(call.sid).fetch()).rejects.toMatchObject({ status: 503 });
  const nameless = client.messages.create({ to: "0501234567", body: "a" });
  await expect(nameless).rejects.toMatchObject({ status: 400 });
  expect(product.sim.violations).toHaveLength(1);
});
