import { useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import {
  ask,
  deliverWebhookAside,
  dismissWebhookAside,
  listWebhooksAside,
} from "../../api/client.ts";

const KEY = ["webhooks-aside"];

/** The latest of what could not be given to a business. */
export function useWebhooksAside() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask(listWebhooksAside({ query: { limit: 20 }, signal })),
    refetchInterval: 60_000,
  });
}

export function useDeliverAside() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { id: number; business_id: number }) => ask(deliverWebhookAside({ body })),
    onSettled: () => void client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useDismissAside() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => ask(dismissWebhookAside({ body: { id } })),
    onSettled: () => void client.invalidateQueries({ queryKey: KEY }),
  });
}
