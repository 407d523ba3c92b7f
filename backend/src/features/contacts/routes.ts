import { Contact, ContactCreate, ContactPatch, Id, page, PageQuery } from "@agentlocator/contract";
import { z } from "zod";
import { defineRoute, type Route } from "../../http/route.ts";
import { changeContact, createContact, requireContact } from "./service.ts";
import { listContacts } from "./store.ts";

const params = z.strictObject({ id: Id });

export function contactRoutes(): Route[] {
  return [
    defineRoute({
      id: "listContacts",
      method: "get",
      path: "/api/contacts",
      summary: "The business's contacts; `q` looks in names and phone numbers",
      access: { business: "contacts.read" },
      query: PageQuery.extend({ q: z.string().trim().max(100).optional() }),
      response: page(Contact),
      handler: ({ tx, query }) => listContacts(tx, query),
    }),
    defineRoute({
      id: "getContact",
      method: "get",
      path: "/api/contacts/{id}",
      summary: "One contact",
      access: { business: "contacts.read" },
      params,
      response: Contact,
      handler: ({ tx, params: { id } }) => requireContact(tx, id),
    }),
    defineRoute({
      id: "createContact",
      method: "post",
      path: "/api/contacts",
      summary: "Adds a contact; 409 when the business has one with that phone",
      access: { business: "contacts.write" },
      body: ContactCreate,
      response: Contact,
      status: 201,
      handler: ({ tx, body }) => createContact(tx, body),
    }),
    defineRoute({
      id: "updateContact",
      method: "patch",
      path: "/api/contacts/{id}",
      summary: "Changes a contact's name or phone",
      access: { business: "contacts.write" },
      params,
      body: ContactPatch,
      response: Contact,
      handler: ({ tx, params: { id }, body }) => changeContact(tx, id, body),
    }),
  ];
}
