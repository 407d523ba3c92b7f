import { Id, page, PageQuery, Task, TaskCreate, TaskPatch } from "@agentlocator/contract";
import { z } from "zod";
import { defineRoute, type Route } from "../../http/route.ts";
import { changeTask, createTask, removeTask, requireTask } from "./service.ts";
import { listTasks } from "./store.ts";

const params = z.strictObject({ id: Id });
const filter = z.object({
  status: Task.shape.status.optional(),
  assigned_to: Id.optional(),
  contact_id: Id.optional(),
});

export function taskRoutes(): Route[] {
  return [
    defineRoute({
      id: "listTasks",
      method: "get",
      path: "/api/tasks",
      summary: "The business's tasks",
      access: { business: "tasks.read" },
      query: PageQuery.extend(filter.shape),
      response: page(Task),
      handler: ({ tx, query }) => listTasks(tx, query),
    }),
    defineRoute({
      id: "getTask",
      method: "get",
      path: "/api/tasks/{id}",
      summary: "One task",
      access: { business: "tasks.read" },
      params,
      response: Task,
      handler: ({ tx, params: { id } }) => requireTask(tx, id),
    }),
    defineRoute({
      id: "createTask",
      method: "post",
      path: "/api/tasks",
      summary: "Adds a task",
      access: { business: "tasks.write" },
      body: TaskCreate,
      response: Task,
      status: 201,
      handler: async ({ tx, body, session }) =>
        (await createTask(tx, { ...body, created_by: session.user.id }))!,
    }),
    defineRoute({
      id: "updateTask",
      method: "patch",
      path: "/api/tasks/{id}",
      summary: "Changes a task",
      access: { business: "tasks.write" },
      params,
      body: TaskPatch,
      response: Task,
      handler: ({ tx, params: { id }, body }) => changeTask(tx, id, body),
    }),
    defineRoute({
      id: "deleteTask",
      method: "delete",
      path: "/api/tasks/{id}",
      summary: "Removes a task",
      access: { business: "tasks.write" },
      params,
      response: z.void(),
      status: 204,
      handler: ({ tx, params: { id } }) => removeTask(tx, id),
    }),
  ];
}
