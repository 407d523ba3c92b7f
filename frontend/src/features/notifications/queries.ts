import { useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import {
  ask,
  listAgencyNotifications,
  listNotifications,
  readAgencyNotification,
  readAllAgencyNotifications,
  readAllNotifications,
  readNotification,
} from "../../api/client.ts";
import { toastProblem } from "../../ui/toast-problem.ts";

const keyOf = (agency: boolean) => [agency ? "agency-notifications" : "notifications"];

/** The business's, which live events renew; or the administrators' own, of which there are none. */
export function useNotifications(agency: boolean) {
  const list = agency ? listAgencyNotifications : listNotifications;
  return useQuery({
    queryKey: keyOf(agency),
    queryFn: ({ signal }) => ask(list({ signal })),
    refetchInterval: agency ? 60_000 : false,
  });
}

export function useMarkRead(agency: boolean) {
  const client = useQueryClient();
  const read = agency ? readAgencyNotification : readNotification;
  const readAll = agency ? readAllAgencyNotifications : readAllNotifications;
  return useMutation({
    mutationFn: async (id: number | "all") => {
      if (id === "all") await ask(readAll());
      else await ask(read({ path: { id } }));
    },
    onError: toastProblem,
    onSettled: () => void client.invalidateQueries({ queryKey: keyOf(agency) }),
  });
}
