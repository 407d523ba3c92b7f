import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import { type MaybeRefOrGetter, toValue } from "vue";
import {
  ask,
  createAppointment,
  getAppointment,
  listAppointments,
  updateAppointment,
} from "../../api/client.ts";
import type { Appointment, AppointmentCreate, AppointmentPatch } from "../../api/types.ts";

export interface Range {
  from: string;
  to: string;
}

async function fetchRange(range: Range, signal: AbortSignal): Promise<Appointment[]> {
  const items: Appointment[] = [];
  let cursor: string | undefined;
  do {
    const query = { ...range, limit: 200, cursor };
    const page = await ask(listAppointments({ query, signal }));
    items.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return items;
}

/** Every appointment that begins within the range, earliest first. */
export function useAppointments(range: MaybeRefOrGetter<Range | null>) {
  return useQuery({
    queryKey: ["appointments", "range", range],
    queryFn: async ({ signal }) => {
      const items = await fetchRange(toValue(range)!, signal);
      return items.toSorted((a, b) => a.starts_at.localeCompare(b.starts_at));
    },
    enabled: () => toValue(range) !== null,
    placeholderData: keepPreviousData,
  });
}

/** The booked appointments of the coming week, earliest first. */
export function useUpcoming() {
  return useQuery({
    queryKey: ["appointments", "upcoming"],
    queryFn: async ({ signal }) => {
      const now = Date.now();
      const range = {
        from: new Date(now).toISOString(),
        to: new Date(now + 7 * 86_400_000).toISOString(),
      };
      const items = await fetchRange(range, signal);
      return items
        .filter((item) => item.status === "booked" && Date.parse(item.starts_at) >= now)
        .toSorted((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
    },
  });
}

/** A person's appointments, the latest first. */
export function useAppointmentsOf(contact_id: MaybeRefOrGetter<number | null>) {
  return useQuery({
    queryKey: ["appointments", "of", contact_id],
    queryFn: async ({ signal }) => {
      const query = { contact_id: toValue(contact_id)!, limit: 5 };
      return (await ask(listAppointments({ query, signal }))).items;
    },
    enabled: () => toValue(contact_id) !== null,
  });
}

export function useAppointment(id: MaybeRefOrGetter<number>) {
  return useQuery({
    queryKey: ["appointments", "one", id],
    queryFn: ({ signal }) => ask(getAppointment({ path: { id: toValue(id) }, signal })),
  });
}

/** Creates without `id`, changes with one. */
export function useSaveAppointment() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (
      input: (AppointmentCreate & { id?: undefined }) | (AppointmentPatch & { id: number }),
    ) => {
      if (input.id === undefined) return ask(createAppointment({ body: input }));
      const { id, ...body } = input;
      return ask(updateAppointment({ path: { id }, body }));
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ["appointments"] }),
  });
}

export function useCancelAppointment() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) =>
      ask(updateAppointment({ path: { id }, body: { status: "cancelled" } })),
    onSettled: () => void client.invalidateQueries({ queryKey: ["appointments"] }),
  });
}
