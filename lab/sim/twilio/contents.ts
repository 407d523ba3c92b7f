import { newSid } from "./message.ts";

export interface SimContent {
  sid: string;
  friendly_name: string;
  language: string;
  body: string;
  /** Examples by name. */
  variables: Record<string, string>;
  /** WhatsApp's approval. */
  status: "unsubmitted" | "received" | "pending" | "approved" | "rejected" | "paused" | "disabled";
  category: string;
}

/** The account's templates. */
export class Contents {
  readonly all: SimContent[] = [];

  add(content: Partial<SimContent> & Pick<SimContent, "friendly_name" | "body">): SimContent {
    const usual = {
      language: "he",
      variables: {},
      status: "approved",
      category: "UTILITY",
    } as const;
    const made = { sid: newSid("HX"), ...usual, ...content };
    this.all.push(made);
    return made;
  }

  find(sid: string): SimContent | undefined {
    return this.all.find((content) => content.sid === sid);
  }

  /** The text with the variables in it; what has none keeps its example. */
  fill({ body, variables }: SimContent, given: Record<string, string>): string {
    return body.replaceAll(
      /\{\{(\w+)\}\}/g,
      (_, name: string) => given[name] ?? variables[name] ?? "",
    );
  }

  /** A page of `GET /v1/ContentAndApprovals`. */
  page(account_sid: string, query: URLSearchParams, base: string): object {
    const size = Number(query.get("PageSize") ?? 50);
    const page = Number(query.get("Page") ?? 0);
    const url = (n: number) => `${base}/v1/ContentAndApprovals?PageSize=${size}&Page=${n}`;
    const more = this.all.length > (page + 1) * size;
    return {
      contents: this.all.slice(page * size, (page + 1) * size).map((content) => ({
        sid: content.sid,
        account_sid,
        friendly_name: content.friendly_name,
        language: content.language,
        variables: content.variables,
        types: { "twilio/text": { body: content.body } },
        approval_requests:
          content.status === "unsubmitted"
            ? {}
            : {
                name: content.friendly_name,
                category: content.category,
                content_type: "twilio/text",
                status: content.status,
                rejection_reason: "",
              },
        date_created: "2026-11-01T08:00:00Z",
        date_updated: "2026-11-01T08:00:00Z",
      })),
      meta: {
        ...{ page, page_size: size, key: "contents", previous_page_url: null },
        ...{ first_page_url: url(0), url: url(page), next_page_url: more ? url(page + 1) : null },
      },
    };
  }
}
