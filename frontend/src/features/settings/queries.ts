import { useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import { ask, getSettings, updateSettings } from "../../api/client.ts";
import type { SettingsPatch } from "../../api/types.ts";

export function useSettings() {
  return useQuery({
    queryKey: ["settings"],
    queryFn: ({ signal }) => ask(getSettings({ signal })),
  });
}

export function useSaveSettings() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: SettingsPatch) => ask(updateSettings({ body })),
    onSuccess: (saved) => client.setQueryData(["settings"], saved),
  });
}
