import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { createLog } from "./log.ts";
import { createMailer } from "./mail.ts";

let server: Server | undefined;
afterEach(() => server?.close());

const mail = {
  to: "dana@example.com",
  subject: "סיסמה חדשה",
  text: "https://phone.example/reset#token=abc",
  link: "https://phone.example/reset#token=abc",
};

/** A mail server that takes everything but what `refuses`; what it heard, line by line. */
async function mailServer(refuses: RegExp | null = null) {
  const heard: string[] = [];
  server = createServer((socket) => {
    let in_data = false;
    socket.write("220 mail.example\r\n");
    createInterface({ input: socket }).on("line", (line) => {
      heard.push(line);
      if (in_data && line !== ".") return;
      if (refuses?.test(line)) return void socket.write("550 not here\r\n");
      in_data = line === "DATA";
      if (in_data) socket.write("354 go on\r\n");
      else if (line === "QUIT") socket.end("221 bye\r\n");
      else socket.write("250 fine\r\n");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

const mailerAt = (SMTP_URL: string | undefined, MAIL_FROM?: string, log = createLog("silent")) =>
  createMailer({ SMTP_URL, MAIL_FROM, PUBLIC_BASE_URL: "https://phone.example" }, log);

test("a mail goes to the server, from an address of this house", async () => {
  const { url, heard } = await mailServer();
  await mailerAt(url).send(mail);
  expect(heard).toContain("MAIL FROM:<no-reply@phone.example>");
  expect(heard).toContain("RCPT TO:<dana@example.com>");
  expect(heard).toContain(mail.text);
});

test("the sender may be given", async () => {
  const { url, heard } = await mailServer();
  await mailerAt(url, "AgentLocator <agency@example.com>").send(mail);
  expect(heard).toContain("MAIL FROM:<agency@example.com>");
});

test("what the server refuses fails, so that the job tries again", async () => {
  const { url } = await mailServer(/^RCPT/);
  await expect(mailerAt(url).send(mail)).rejects.toThrow(/not here/);
});

test("without a mail server the link is in the log", async () => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line: string) => void lines.push(line) });
  await mailerAt(undefined, undefined, log).send(mail);
  expect(lines.join()).toContain(mail.link);
});
