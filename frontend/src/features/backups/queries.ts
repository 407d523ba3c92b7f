import { useQuery } from "@tanstack/vue-query";
import { ask, getBackupStatus } from "../../api/client.ts";

/** How the installation stands with its backups; what is overdue shows without a reload. */
export function useBackupStatus() {
  return useQuery({
    queryKey: ["backup-status"],
    queryFn: ({ signal }) => ask(getBackupStatus({ signal })),
    refetchInterval: 60_000,
  });
}
