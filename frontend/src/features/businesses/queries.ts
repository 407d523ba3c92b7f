import { useMutation, useQuery, useQueryClient } from "@tanstack/vue-query";
import { http } from "../../api/http.ts";
import type { Business, BusinessCreate, Page } from "../../api/types.ts";

export function useBusinesses() {
  return useQuery({
    queryKey: ["businesses"],
    queryFn: ({ signal }) =>
      http.get<Page<Business>>("/api/admin/businesses", { query: { limit: 200 }, signal }),
  });
}

export function useCreateBusiness() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: BusinessCreate) => http.post<Business>("/api/admin/businesses", body),
    onSuccess: () => client.invalidateQueries({ queryKey: ["businesses"] }),
  });
}
