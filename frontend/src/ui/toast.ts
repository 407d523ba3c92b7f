import { reactive } from "vue";

export interface Toast {
  id: number;
  /** i18n key. */
  key: string;
  tone: "success" | "error" | "info";
  request_id: string;
}

export const toasts = reactive<Toast[]>([]);
let last = 0;

/** Says something in passing; errors stay until they are closed. */
export function toast(key: string, tone: Toast["tone"] = "success", request_id = ""): void {
  toasts.push({ id: ++last, key, tone, request_id });
}
