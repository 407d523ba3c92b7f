import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import {
  ask,
  connectWhatsapp,
  disconnectWhatsapp,
  getWhatsappStatus,
  listWhatsappIncidents,
  pairWhatsapp,
  updateSettings,
} from "../../api/client.ts";
import type { WhatsappStatus } from "../../api/types.ts";
import { toastProblem } from "../../ui/toast-problem.ts";
import { toast } from "../../ui/toast.ts";
import { conditionOf } from "./condition.ts";

const STATUS = ["whatsapp", "status"];
/** A code to scan changes without an event; everything else is told, and looked at now and then. */
const WHILE_MOVING_MS = 2_500;
const AT_REST_MS = 20_000;

export function useWhatsappStatus() {
  return useQuery({
    queryKey: STATUS,
    queryFn: ({ signal }) => ask(getWhatsappStatus({ signal })),
    refetchInterval: ({ state }) =>
      state.data && conditionOf(state.data.baileys).moves ? WHILE_MOVING_MS : AT_REST_MS,
  });
}

/** The business's disconnects, the latest first, more of them page by page. */
export function useWhatsappIncidents() {
  return useInfiniteQuery({
    queryKey: ["whatsapp", "incidents"],
    queryFn: ({ pageParam, signal }) =>
      ask(listWhatsappIncidents({ query: { limit: 10, cursor: pageParam ?? undefined }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function useConnect() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ask(connectWhatsapp({ body: {} })),
    onSuccess: (status) => client.setQueryData(STATUS, status),
    onError: toastProblem,
  });
}

export function useDisconnect() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ask(disconnectWhatsapp({ body: {} })),
    onSuccess: (status) => {
      client.setQueryData(STATUS, status);
      toast("whatsapp.disconnected");
    },
    onError: toastProblem,
  });
}

/** Asks for a code to type on the phone. */
export function usePairingCode() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (phone: string) => ask(pairWhatsapp({ body: { phone } })),
    onSuccess: () => client.invalidateQueries({ queryKey: STATUS }),
  });
}

export function useSaveProvider() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (whatsapp_provider: WhatsappStatus["provider"]) =>
      ask(updateSettings({ body: { whatsapp_provider } })),
    onSuccess: (settings) => {
      client.setQueryData(["settings"], settings);
      toast("settings.saved");
    },
    onError: toastProblem,
    onSettled: () => client.invalidateQueries({ queryKey: STATUS }),
  });
}
