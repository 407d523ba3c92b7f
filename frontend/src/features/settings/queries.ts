import { useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import { http } from "../../api/http.ts";
import type { Settings, SettingsPatch } from "../../api/types.ts";

export function useSettings() {
  return useQuery({
    queryKey: ["settings"],
    queryFn: ({ signal }) => http.get<Settings>("/api/settings", { signal }),
  });
}

export function useSaveSettings() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: SettingsPatch) => http.patch<Settings>("/api/settings", body),
    onSuccess: (saved) => client.setQueryData(["settings"], saved),
  });
}
