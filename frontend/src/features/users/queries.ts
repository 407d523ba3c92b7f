import { useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import { ask, createPasswordLink, createUser, listUsers, updateUser } from "../../api/client.ts";
import type { UserCreate, UserPatch } from "../../api/types.ts";

const KEY = ["users"];

/** A team is small: one page holds it. */
export function useUsers() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask(listUsers({ query: { limit: 200 }, signal })),
  });
}

export function useInviteUser() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: UserCreate) => ask(createUser({ body })),
    onSettled: () => void client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useUpdateUser() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: UserPatch & { id: number }) =>
      ask(updateUser({ path: { id }, body })),
    onSettled: () => void client.invalidateQueries({ queryKey: KEY }),
  });
}

export function usePasswordLink() {
  return useMutation({ mutationFn: (id: number) => ask(createPasswordLink({ path: { id } })) });
}
